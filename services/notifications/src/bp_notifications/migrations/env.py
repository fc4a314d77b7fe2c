from bp_kit.migrations import run
from bp_notifications.adapters.tables import Base

run(Base.metadata)
