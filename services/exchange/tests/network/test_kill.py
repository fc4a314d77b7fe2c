import asyncio
import contextlib
import random
import shutil
import signal
import sqlite3
import sys
from pathlib import Path

from net import TOPIC, eventually, message

from bp_exchange.adapters.tables import QueueRow
from bp_kit.testing.databases import sqlite_template

MESSAGES, KILLS = 120, 6
RECEIVER = Path(__file__).with_name("receiver.py")


async def test_kill_9_at_random_loses_and_doubles_nothing(network):
    """Tonga's process is killed again and again while Fiji sends; each message takes effect exactly once, in order."""
    tonga = network.ton
    await tonga.stop()
    folder = network.folder / "ton"
    (folder / "settings.json").write_text(tonga.settings.model_dump_json())
    shutil.copy(await sqlite_template("bp_exchange"), folder / "inbox.sqlite")
    with contextlib.closing(sqlite3.connect(folder / "inbox.sqlite")) as inbox:
        inbox.execute("CREATE TABLE effect (position INTEGER PRIMARY KEY, payload BLOB NOT NULL)")
        inbox.commit()
    sending = asyncio.create_task(send_all(network.fji))
    chance = random.Random(7)
    for _ in range(KILLS):
        process = await start(folder)
        seen = len(effects(folder))
        # Killed somewhere between its first words and the next few messages.
        await eventually(lambda seen=seen: has_more(folder, seen))
        await asyncio.sleep(chance.uniform(0, 0.3))
        process.send_signal(signal.SIGKILL)
        await process.wait()
    await sending
    process = await start(folder)
    await eventually(lambda: has_more(folder, MESSAGES - 1), 90)
    await network.ptccc.drained("ton")
    process.send_signal(signal.SIGKILL)
    await process.wait()
    assert effects(folder) == [b"%d" % at for at in range(MESSAGES)]
    assert await network.ptccc.count(QueueRow, QueueRow.set_aside != "") == 0


async def send_all(node):
    for at in range(MESSAGES):
        await node.send(message(payload=b"%d" % at, receipts=False))
        await asyncio.sleep(0.02)


async def start(folder):
    return await asyncio.create_subprocess_exec(sys.executable, str(RECEIVER), str(folder), TOPIC)


def effects(folder):
    with contextlib.closing(sqlite3.connect(folder / "inbox.sqlite")) as inbox:
        return [row[0] for row in inbox.execute("SELECT payload FROM effect ORDER BY position")]


async def has_more(folder, than):
    return len(effects(folder)) > than or len(effects(folder)) == MESSAGES
