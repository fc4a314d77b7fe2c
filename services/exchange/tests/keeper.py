"""An administrator who looks after a node's lanes."""

from google.protobuf.field_mask_pb2 import FieldMask

from bluepacific.exchange.v1 import lane_service_pb2 as pb
from bluepacific.exchange.v1 import lane_service_pb2_grpc as lanes_grpc
from bluepacific.exchange.v1 import plan_pb2


class Keeper:
    """An administrator of a node's country."""

    def __init__(self, node, *roles):
        self._lanes = lanes_grpc.LaneServiceStub(node.people)
        self._token = node.token(*(roles or ("administrator",)))

    async def plan(self, peer="ptccc"):
        return await self._lanes.GetPlan(pb.GetPlanRequest(peer=peer), metadata=self._token)

    async def update(self, *rules, mask=(), peer="ptccc", **fields):
        plan = plan_pb2.Plan(peer=peer, rules=rules, **fields)
        request = pb.UpdatePlanRequest(plan=plan, update_mask=FieldMask(paths=mask))
        return await self._lanes.UpdatePlan(request, metadata=self._token)

    async def clear(self):
        return await self.update(mask=["rules"])

    async def lanes(self):
        answer = await self._lanes.GetLanes(pb.GetLanesRequest(), metadata=self._token)
        return {lane.peer: lane for lane in answer.lanes}

    async def lane(self):
        return (await self.lanes())["ptccc"]
