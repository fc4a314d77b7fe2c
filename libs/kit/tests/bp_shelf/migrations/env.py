from bp_shelf.app import Base

from bp_kit.migrations import run

run(Base.metadata)
