from bp_identity.adapters.subject_tables import Base
from bp_kit.migrations import run

run(Base.metadata)
