from bp_library.app import Base

from bp_kit.migrations import run

run(Base.metadata)
