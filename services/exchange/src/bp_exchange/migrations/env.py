from bp_exchange.adapters.tables import Base
from bp_kit.migrations import run

run(Base.metadata)
