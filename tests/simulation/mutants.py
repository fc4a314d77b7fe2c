"""Bugs planted on purpose: each is what a careless change would do, and each must be found. An honest node has none of them."""

from contextlib import contextmanager
from dataclasses import replace
from unittest import mock

from bluepacific.common.v1 import handling_pb2
from bp_exchange.protocol import envelope
from bp_exchange.usecases import accepting, accepting_batches, granting, sealing, sending
from tests.simulation import lanes, ports, queues
from tests.simulation.members import CENTRE, keys_of


class Honest:
    """The real thing, unchanged."""

    keeps_inbox = True

    def work(self, work, state):
        """Returns what a transaction works with."""
        return work

    def store(self, store, work, peer, checked):
        """Stores a batch."""
        return store(work, peer, checked)

    @contextmanager
    def planted(self):
        """Holds the bug in place within the block."""
        yield


class AcknowledgesTooEarly(Honest):
    """A batch now and then is acknowledged, and was not stored."""

    def store(self, store, work, peer, checked):
        async def forget():
            return None

        return forget() if int(work.random(1)[0]) < 40 else store(work, peer, checked)


class ForgetsInbox(Honest):
    """A service takes what is delivered once more for something new."""

    keeps_inbox = False


class Overtakes(Honest):
    """What is more urgent overtakes the earlier of its own conversation."""

    def work(self, work, state):
        class Queue(queues.Queue):
            def _hurry(self, item):
                return

            async def hurry(self, peer, item_ids, urgency):
                return

        return replace(work, queue=Queue(state))


class LowersLabels(Honest):
    """A label is written anew on its way to the service, as low as it goes."""

    @contextmanager
    def planted(self):
        def lowered(opened, content, traceparent):
            content.handling.tlp = handling_pb2.TLP_CLEAR
            return alone(opened, content, traceparent)

        def lowered_inside(opened):
            opened.content.handling.tlp = handling_pb2.TLP_CLEAR
            return inside(opened)

        alone, inside = accepting.message_of, accepting_batches._message_of
        with (
            mock.patch.object(accepting, "message_of", lowered),
            mock.patch.object(accepting_batches, "_message_of", lowered_inside),
        ):
            yield


class LetsTheRelayRead(Honest):
    """The centre's key is wrapped as well, whoever is addressed."""

    @contextmanager
    def planted(self):
        def open_to_centre(header, content, *, nodes, **values):
            nodes = dict([*nodes, (CENTRE, keys_of(CENTRE).sealing.public_bytes())])
            return envelope.seal(header, content, nodes=list(nodes.items()), **values)

        async def readers_and_centre(work, ids):
            readers = await granting.readers_of(work, ids)
            centre = work.directory.centre
            if work.keys.node_id != CENTRE and CENTRE not in {one.node_id for one in readers}:
                readers.append(await granting._reader(work, centre))
            return readers

        with (
            mock.patch.object(sending, "seal", open_to_centre),
            mock.patch.object(sealing, "readers_of", readers_and_centre),
        ):
            yield


class RewritesItsLog(Honest):
    """A leaf is dropped from the log's beginning when it has grown."""

    def work(self, work, state):
        if len(state.log) > 5:
            state.log[0] = state.log[1]
        return work


class IgnoresReceipts(Honest):
    """What others state is taken and not noted."""

    def work(self, work, state):
        class Receipts(ports.Receipts):
            async def known(self, ids):
                return set(ids)

        return replace(work, receipts=Receipts(state))


class StarvesBulk(Honest):
    """What is least urgent is never read from the queue."""

    @contextmanager
    def planted(self):
        def ready(*args):
            return [one for one in real(*args) if one.urgency != handling_pb2.URGENCY_BULK]

        real = lanes._ready
        with mock.patch.object(lanes, "_ready", ready):
            yield


MUTANTS = {
    AcknowledgesTooEarly: "nothing_acknowledged_is_lost",
    ForgetsInbox: "nothing_takes_effect_twice",
    Overtakes: "order_in_a_conversation",
    LowersLabels: "no_label_is_lowered",
    LetsTheRelayRead: "no_content_where_it_is_not_addressed",
    RewritesItsLog: "logs_verify",
    IgnoresReceipts: "every_ladder_ends",
    StarvesBulk: "queues_are_empty",
}
