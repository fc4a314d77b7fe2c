"""Shows this node's log to its witnesses at each contact, and cosigns what others show.

It never delays a link, and a cut costs nothing: whatever was not said is said at the next contact.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, timedelta

from google.protobuf.message import DecodeError
from sqlalchemy.ext.asyncio import AsyncSession

from bluepacific.exchange.v1 import link_service_pb2, log_pb2
from bp_exchange.adapters.bells import woken
from bp_exchange.adapters.proving import SqlEvidence
from bp_exchange.adapters.unbroken import unbroken
from bp_exchange.adapters.unit_of_work import House
from bp_exchange.adapters.witnessing import ANSWER, ASK, SqlWitness, tree_head
from bp_exchange.protocol import witness as rules
from bp_exchange.protocol.proofs import plan_consistency, plan_root
from bp_exchange.protocol.witness import Shown, Verdict, witnesses_of
from bp_exchange.usecases import bells
from bp_exchange.usecases.proving import Prover, sign_head
from bp_kit.logs import get_logger
from bp_verify.seals import cosigned, head_signed, signed_by

Frame = link_service_pb2.Frame

_MOST_ASKED = 64
_LOOK_SECONDS = 60.0
# A log that does not grow is cosigned anew now and then, so that a proof's gap tells of witnesses that are out of reach.
_EACH = timedelta(days=1)
# While a link holds.
_OFTEN = timedelta(minutes=10)
_log = get_logger("bp_exchange.witnessing")


class Witnessing:
    """One link's part in the watching of logs.

    Args:
        house: The exchange.
        peer: At the other end.
        send: Takes a frame before everything else.
    """

    def __init__(self, house: House, peer: str, send: Callable[[Frame], None]) -> None:
        self._house = house
        self._peer = peer
        self._send = send
        self._asked = 0
        self._posted = asyncio.Event()

    async def greet(self, hello: link_service_pb2.Hello) -> None:
        """Adds to this node's greeting how its log stands, and how far the peer's was seen."""
        async with self._house.database.read() as session:
            _, edge = await SqlEvidence(session, self._house.keys.node_id).head()
            known = tree_head(await SqlWitness(session).newest(self._peer))
        hello.log_size, hello.log_root = edge.size, edge.root()
        hello.known_size = known.size if known else 0

    async def greeted(self, hello: link_service_pb2.Hello) -> None:
        """Holds the peer's greeting against what was seen of its log, and has this node's own log witnessed."""
        await self._check(hello)
        for one in self._mine():
            await self._ask(one, known_size=hello.known_size if one == self._peer else None)

    def _mine(self) -> list[str]:
        """Returns the witnesses of this node's log that are reached by this link."""
        witnesses = witnesses_of(self._house.register.directory, self._house.keys.node_id)
        at_centre = self._house.register.is_centre
        return [one for one in witnesses if one == self._peer] if at_centre else witnesses

    async def run(self, greeted: asyncio.Event) -> None:
        """Shows the log now and then for as long as the link holds, and at the centre passes on what others have for the peer."""
        await greeted.wait()
        with self._house.bells.listening(self._posted.set, bells.witness_of(self._peer)):
            while True:
                if self._house.register.is_centre:
                    await self._pass_on()
                await woken(self._posted, _LOOK_SECONDS)
                for one in self._mine():
                    await self._ask(one, known_size=None, at_least=_OFTEN)

    async def take(self, frame: Frame) -> None:
        """Takes a frame about a log; one that is none of this node's business is left."""
        try:
            if frame.HasField("witnessing"):
                await self._asked_for(frame.witnessing)
            elif frame.HasField("witnessed"):
                await self._answered(frame.witnessed)
        except (DecodeError, ValueError):
            _log.warning("witness.malformed", peer=self._peer)

    @unbroken
    async def _check(self, hello: link_service_pb2.Hello) -> None:
        claim = log_pb2.TreeHead(
            node_id=self._peer, incarnation=hello.incarnation[:36], size=hello.log_size, root=hello.log_root[:32]
        )
        if not hello.log_root:
            # Of the last release.
            return
        now = self._house.seams.clock()
        claim.head_time.FromDatetime(now)
        async with self._house.database.read() as session:
            newest = await SqlWitness(session).newest(self._peer)
        verdict = rules.contradicts(claim, tree_head(newest))
        if verdict and newest:
            async with self._house.database.write() as session:
                # Nobody signed a greeting, so it stands there without a signature.
                await self._alarm(session, verdict, newest, log_pb2.SignedTreeHead(head=claim.SerializeToString()))

    @unbroken
    async def _ask(self, witness: str, known_size: int | None, at_least: timedelta = timedelta(0)) -> None:
        """Shows the log to a witness, with the proof that it grew from what that one is known, or says, to have seen.

        Args:
            witness: Whom.
            known_size: What it says that it has seen; None where it said nothing.
            at_least: How long its last word must be ago.
        """
        house = self._house
        async with house.database.read() as session:
            evidence, kept = SqlEvidence(session, house.keys.node_id), SqlWitness(session)
            incarnation, edge = await evidence.head()
            last = next(iter(await kept.own(witness)), None)
            if not edge.size or (last and self._is_new_enough(last, edge.root(), known_size, at_least)):
                return
            if known_size is None:
                known = tree_head(last[0]) if last else None
                known_size = known.size if known else 0
            hashes: list[bytes] = []
            if 0 < known_size < edge.size:
                hashes = await evidence.tree.hashes(plan_consistency(known_size, edge.size))
        prover = Prover(house.keys, house.seams.country, house.register.current, house.seams.clock())
        head = sign_head(prover, incarnation, edge)
        asked = log_pb2.Witnessing(witness=witness, head=head, known_size=known_size, hashes=hashes)
        self._send(Frame(witnessing=asked))

    def _is_new_enough(
        self,
        last: tuple[log_pb2.SignedTreeHead, log_pb2.Cosignature],
        root: bytes,
        known_size: int | None,
        at_least: timedelta,
    ) -> bool:
        head, (_, cosignature) = log_pb2.TreeHead.FromString(last[0].head), last
        age = self._house.seams.clock() - cosignature.cosign_time.ToDatetime(tzinfo=UTC)
        has_it = known_size is None or known_size == head.size
        return abs(age) < at_least or (head.root == root and has_it and abs(age) < _EACH)

    async def _asked_for(self, asked: log_pb2.Witnessing) -> None:
        head = log_pb2.TreeHead.FromString(asked.head.head)
        directory = self._house.register.directory
        node = directory.trusted(head.node_id)
        passed_on = self._peer == head.node_id or directory.nodes[self._peer].centre
        if node is None or not passed_on or not signed_by(node, asked.head.signature, head_signed(asked.head.head)):
            _log.warning("witness.not_its_nodes", peer=self._peer)
            return
        if asked.witness == self._house.keys.node_id:
            self._send(Frame(witnessed=await self._judge(head, asked)))
        elif self._house.register.is_centre and directory.trusted(asked.witness):
            await self._post(head.node_id, asked.witness, ASK, asked.SerializeToString())

    @unbroken
    async def _judge(self, head: log_pb2.TreeHead, asked: log_pb2.Witnessing) -> log_pb2.Witnessed:
        house = self._house
        async with house.database.write() as session:
            kept = SqlWitness(session)
            newest = await kept.newest(head.node_id)
            known = tree_head(newest)
            is_new = known is not None and known.incarnation != head.incarnation
            earlier = await kept.up_to(head.node_id, head.size) if is_new else []
            found = rules.judge(Shown(head, asked.known_size, asked.hashes), known, earlier)
            if found.verdict in rules.ALARMS and newest:
                await self._alarm(session, found.verdict, newest, asked.head)
            if found.verdict not in (Verdict.COSIGN, Verdict.RESTORED):
                return log_pb2.Witnessed(
                    node_id=head.node_id,
                    cosignature=log_pb2.Cosignature(witness=house.keys.node_id),
                    head=found.known,
                )
            now = house.seams.clock()
            await kept.keep(head, asked.head, now)
        cosignature = log_pb2.Cosignature(witness=house.keys.node_id)
        cosignature.cosign_time.FromSeconds(int(now.timestamp()))
        cosignature.signature = house.keys.sign.sign(cosigned(asked.head.head, cosignature.cosign_time.seconds))
        return log_pb2.Witnessed(node_id=head.node_id, cosignature=cosignature, head=head)

    async def _answered(self, answer: log_pb2.Witnessed) -> None:
        witness = answer.cosignature.witness
        directory = self._house.register.directory
        if answer.node_id != self._house.keys.node_id:
            if self._house.register.is_centre and witness == self._peer and directory.trusted(answer.node_id):
                await self._post(witness, answer.node_id, ANSWER, answer.SerializeToString())
        elif answer.cosignature.signature:
            await self._keep(answer)
        elif self._asked < _MOST_ASKED and answer.HasField("head"):
            # It has seen another head than was thought: a proof from there.
            self._asked += 1
            await self._ask(witness, known_size=answer.head.size)

    @unbroken
    async def _keep(self, answer: log_pb2.Witnessed) -> None:
        house, cosignature = self._house, answer.cosignature
        raw = answer.head.SerializeToString(deterministic=True)
        witness = house.register.directory.trusted(cosignature.witness)
        signed = cosigned(raw, cosignature.cosign_time.seconds)
        if witness is None or not signed_by(witness, cosignature.signature, signed):
            _log.warning("witness.cosignature_wrong", peer=self._peer)
            return
        async with house.database.write() as session:
            if await self._is_own(session, answer.head):
                head = log_pb2.SignedTreeHead(head=raw, signature=house.keys.sign.sign(head_signed(raw)))
                await SqlWitness(session).keep_own(answer.head.size, head, cosignature, house.seams.clock())

    async def _is_own(self, session: AsyncSession, head: log_pb2.TreeHead) -> bool:
        """Tells whether a head is one of this node's log: nothing else is signed because a witness names it."""
        evidence = SqlEvidence(session, self._house.keys.node_id)
        _, edge = await evidence.head()
        if head.node_id != self._house.keys.node_id or not 0 < head.size <= edge.size:
            return False
        return (await evidence.tree.hashes(plan_root(head.size))) == [head.root]

    async def _alarm(
        self,
        session: AsyncSession,
        verdict: Verdict,
        before: log_pb2.SignedTreeHead,
        after: log_pb2.SignedTreeHead,
    ) -> None:
        now = self._house.seams.clock()
        node_id = log_pb2.TreeHead.FromString(after.head).node_id
        alarm = log_pb2.LogAlarm(node_id=node_id, kind=rules.ALARMS[verdict], before=before, after=after)
        alarm.alarm_time.FromDatetime(now)
        if await SqlWitness(session).alarm(alarm, now):
            _log.error("log.alarm", node=node_id, kind=verdict.name)

    @unbroken
    async def _post(self, sender: str, target: str, kind: str, body: bytes) -> None:
        async with self._house.database.write() as session:
            await SqlWitness(session).post(sender, target, kind, body)
        self._house.bells.ring([bells.witness_of(target)])

    @unbroken
    async def _pass_on(self) -> None:
        async with self._house.database.write() as session:
            posts = await SqlWitness(session).take_posts(self._peer)
        for kind, body in posts:
            if kind == ASK:
                self._send(Frame(witnessing=log_pb2.Witnessing.FromString(body)))
            else:
                self._send(Frame(witnessed=log_pb2.Witnessed.FromString(body)))
