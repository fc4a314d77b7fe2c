from bp_cooperation.adapters.tables import Base
from bp_kit.migrations import run

run(Base.metadata)
