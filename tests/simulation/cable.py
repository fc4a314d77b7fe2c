"""One contact between a country and the centre: frames in their order, at a pace, after a delay, until it is cut, silent, or replaced."""

from collections import deque

from bluepacific.exchange.v1 import link_service_pb2
from bp_exchange.protocol.session import effects as to_do
from bp_exchange.protocol.session.greeting import SessionEndedError, incarnation_of, own_hello
from bp_exchange.protocol.session.ports import Clocks
from bp_exchange.protocol.session.session import Session
from bp_exchange.usecases.accepting import store
from bp_exchange.usecases.settling import settle
from tests.simulation import files, lanes
from tests.simulation.members import NotBelievedError, believe
from tests.simulation.store import DiskFullError
from tests.simulation.world import run

_TICK_SECONDS = 31
_KEEPALIVE_SECONDS = 45
_BUFFER_BYTES = 64 * 1024


class Cable:
    """A contact.

    Args:
        world: Where it is.
        delay: Seconds one way.
        rate: Bytes a second each way.
        tamper: What somebody on the way does to a frame: (frame, from, to) -> frames; none when nobody is there.
    """

    def __init__(self, world, delay, rate, tamper=None):
        self.world = world
        self.delay = delay
        self.rate = rate
        self.tamper = tamper
        self.ends = []
        self.is_cut = False
        # Ways on which nothing arrives although nobody hears of it.
        self.silent = set()

    def join(self, *ends):
        self.ends = ends
        for end, other in (ends, ends[::-1]):
            end.joined(self, other)

    def cut(self):
        """Resets it: both ends notice."""
        if self.is_cut:
            return
        self.is_cut = True
        for end in self.ends:
            self.world.after(self.delay, end.close, "reset")

    def silence(self, chance):
        """Makes it half open: one way, or both, carries nothing more; the ends notice by their keepalive."""
        self.silent |= {0, 1} if chance.random() < 0.5 else {chance.randrange(2)}
        for end in self.ends:
            self.world.after(_KEEPALIVE_SECONDS * chance.uniform(0.5, 1.5), end.close, "silent")

    def carry(self, end, frame):
        """Sends a frame on its way; returns when the transport has passed it on."""
        way = self.ends.index(end)
        size = frame.ByteSize() + 5
        begun = max(self.world.now, end.busy_until)
        end.busy_until = begun + size / self.rate
        if way not in self.silent:
            self.world.after(end.busy_until - self.world.now + self.delay, self._arrive, way, frame.SerializeToString())

    def _arrive(self, way, raw):
        sender, receiver = self.ends[way], self.ends[1 - way]
        if self.is_cut or way in self.silent:
            return
        frames = [link_service_pb2.Frame.FromString(raw)]
        if self.tamper:
            frames = self.tamper(frames[0], sender, receiver)
        for frame in frames:
            receiver.arrived(frame)


class End:
    """An honest node's end of a contact: the driver of a real session."""

    def __init__(self, world, node, peer, closed):
        self.world = world
        self.node = node
        self.peer = peer
        self.is_open = True
        self.busy_until = 0.0
        self._closed = closed
        self._inbox = deque()
        self._busy = set()
        self._stirred = False
        hello = own_hello(node.node_id, node.state.incarnation, node.register, node.clock())
        clocks = Clocks(node.clock, lambda: world.now)
        self.session = Session(peer, hello, register=node.register, clocks=clocks)

    def joined(self, cable, other):
        self._cable = cable
        self._other = other
        older = self.node.links.get(self.peer)
        if older:
            older.close("replaced")
        self.node.links[self.peer] = self
        self.world.after(self.world.chance.uniform(0, _TICK_SECONDS), self._tick)
        self.stir()

    @property
    def is_greeted(self):
        return self.session.is_greeted

    def close(self, why):
        """Ends it here; the other end hears of it, unless the way is silent."""
        if not self.is_open:
            return
        self.vanish()
        self.node.tell("link ended:", self.peer, why)
        self.world.after(self._cable.delay, self._other_hears)
        self._closed(self)

    def _other_hears(self):
        if not self._cable.silent:
            self._other.close("the other end is gone")

    def vanish(self):
        """Ends it without a word, as a crash does."""
        self.is_open = False
        if self.node.links.get(self.peer) is self:
            del self.node.links[self.peer]
        if not self.node.is_up:
            self.world.after(_KEEPALIVE_SECONDS * self.world.chance.random(), self._other.close, "dead")
            self._closed(self)

    def arrived(self, frame):
        if self.is_open:
            self._inbox.append(frame)
            self.stir()

    def happens(self, what, *args, **values):
        """Tells the session of something."""
        if not self.is_open:
            return
        try:
            getattr(self.session, what)(*args, **values)
        except SessionEndedError as ended:
            self.close(str(ended))
        else:
            self.stir()

    def _tick(self):
        if self.is_open:
            self.world.after(_TICK_SECONDS, self._tick)
            self.happens("tick")

    def stir(self):
        if not self._stirred and self.is_open:
            self._stirred = True
            self.world.after(0, self._pump)

    def _pump(self):
        self._stirred = False
        try:
            while self.is_open and (self._hear() | self._send() | self._begin()):
                pass
        except SessionEndedError as ended:
            self.close(str(ended))

    def _hear(self):
        heard = False
        while self._inbox and self.session.can_hear:
            self.session.heard(self._inbox.popleft())
            heard = True
        return heard

    def _begin(self):
        begun = False
        for hand in self.session.hands():
            if hand not in self._busy:
                self._busy.add(hand)
                effect = self.session.take(hand)
                self.world.after(self.world.chance.expovariate(200), self._do, hand, effect)
                begun = True
        return begun

    def _send(self):
        sent = False
        while self._has_room():
            frame = self.session.next_frame()
            if frame is None:
                if (pause := self.session.pause()) is not None:
                    self.world.after(pause, self.stir)
                break
            self._cable.carry(self, frame)
            sent = True
        return sent

    def _has_room(self):
        backlog = (self.busy_until - self.world.now) * self._cable.rate
        if backlog < _BUFFER_BYTES:
            return True
        self.world.after((backlog - _BUFFER_BYTES) / self._cable.rate + 0.001, self.stir)
        return False

    def _do(self, hand, effect):
        """Does an effect; what came of it is told a little later, so that a crash may come between the commit and the word of it."""
        if not self.is_open:
            return
        try:
            outcome = _DOING[type(effect)](self, effect)
        except DiskFullError:
            self.node.tell("disk full")
            self.close("disk full")
            return
        self.world.after(self.world.chance.expovariate(500), self._told, hand, outcome)

    def _told(self, hand, outcome):
        self._busy.discard(hand)
        if outcome:
            self.happens(outcome[0], *outcome[1], **(outcome[2] if len(outcome) > 2 else {}))
        else:
            self.stir()

    # The effects, each answered by (method of the session, its arguments).

    def _greeted(self, effect):
        with self.node.transaction() as work:
            self.node.state_of(work).peers[self.peer] = incarnation_of(effect.hello)
        self.node.tell("link up:", self.peer)
        return "greeted", ()

    def _believe(self, effect):
        try:
            self.node.believe(believe(effect.bundle, self.node.register.current))
        except NotBelievedError:
            self.node.tell("register not believed")
        return "believed", ()

    def _passed(self, effect):
        return "passed", ()

    def _look(self, effect):
        found, more = lanes.look(self.node, self.peer, effect.under_way, effect.limit)
        return "found", (found,), {"more": more}

    def _keep_pace(self, effect):
        with self.node.transaction() as work:
            self.node.state_of(work).paces[self.peer] = effect.rate

    def _store(self, effect):
        rules, node = self.node.rules, self.node
        checked = node.release.check(effect.items, self.peer)
        if checked.holds_anything:
            with node.transaction() as work:
                run(rules.store(store, work, self.peer, checked))
        for position, ground in checked.refused.items():
            node.tell("refuses", position, ground, "from", self.peer)
            node.ledger.refusals[node.node_id, self.peer] += 1
        return "stored", (checked.positions, checked.refused)

    def _settle(self, effect):
        with self.node.transaction() as work:
            run(settle(work, self.peer, effect.stored, effect.refused))
        return "settled", ([*effect.stored, *effect.refused],)

    def _find(self, effect):
        size = self.node.state.sealed.get(effect.digest, 0)
        return "file_found", (effect.digest, size)

    def _read(self, effect):
        whole = self.node.disk.sealed.get(effect.digest, b"")
        return "piece_read", (effect.digest, effect.offset, whole[effect.offset : effect.offset + effect.size])

    def _write(self, effect):
        files.write(self.node, effect.digest, effect.offset, effect.data)
        return "piece_written", (effect.digest, len(effect.data))

    def _look_for_files(self, effect):
        return "wanted", (files.wanted(self.node, self.peer, effect.asked, effect.limit),)

    def _finish(self, effect):
        if effect.digest not in self.node.state.wanted:
            return "file_finished", (effect.digest,), {"whole": True}
        return "file_finished", (effect.digest,), {"whole": files.finish(self.node, effect.digest)}


_DOING = {
    to_do.Greeted: End._greeted,
    to_do.Believe: End._believe,
    to_do.Pass: End._passed,
    to_do.LookInQueue: End._look,
    to_do.KeepPace: End._keep_pace,
    to_do.Store: End._store,
    to_do.Settle: End._settle,
    to_do.FindFile: End._find,
    to_do.ReadPiece: End._read,
    to_do.WritePiece: End._write,
    to_do.LookForFiles: End._look_for_files,
    to_do.FinishFile: End._finish,
}
