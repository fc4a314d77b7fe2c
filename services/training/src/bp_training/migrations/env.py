from bp_kit.migrations import run
from bp_training.adapters.tables import Base

run(Base.metadata)
