from bp_kit.migrations import run
from bp_shelf.app import Base

run(Base.metadata)
