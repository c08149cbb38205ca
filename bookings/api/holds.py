"""Holds: a time kept for a few minutes while somebody types."""

from uuid import uuid4

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import roles, throttle
from bookings.actions import holds
from bookings.api.bodies import HoldBody
from bookings.api.endpoint import Endpoint, user_of
from bookings.api.refusals import service_of, with_alternatives
from bookings.api.serializers import HoldSerializer, instant
from bookings.api.throttling import AddressThrottle, GuestHoldThrottle
from bookings.once import Answer


class Holds(Endpoint):
    is_repeatable = True
    permission_classes = (AllowAny,)
    throttle_classes = (AddressThrottle, GuestHoldThrottle)

    def kept(self, result: holds.Placed) -> Answer:
        return Answer(201, _as_json(result))

    @extend_schema(request=HoldBody, responses={201: HoldSerializer})
    def post(self, request: Request) -> Response:
        """Hold all slots that a service takes from `slot` on."""
        sent = HoldBody(data=request.data)
        sent.is_valid(raise_exception=True)
        service = service_of(sent.validated_data["service"])
        with with_alternatives(sent.validated_data["slot"], service):
            placed = holds.place(
                slot_id=sent.validated_data["slot"],
                service=service,
                holder=_holder(request),
                address=_address(request),
                **self.terms(request),
            )
        return Response(_as_json(placed), 201)


class OneHold(Endpoint):
    permission_classes = (AllowAny,)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, token: str) -> Response:
        """Let the time go. Who has the token may; one that has ended is let go."""
        holds.release(token)
        return Response(status=204)


def _holder(request: Request) -> str:
    """A patient has one hold at a time; programs and the desk serve many people."""
    user = user_of(request)
    if user and not roles.is_staff(user):
        return holds.holder_of(f"user:{user.pk}")
    return holds.holder_of(f"api:{uuid4()}")


def _address(request: Request) -> str:
    """Guests are capped by where they are; for others we know who they are."""
    if request.user.is_authenticated:
        return ""
    return throttle.capped_address(request._request)


def _as_json(placed: holds.Placed) -> dict[str, object]:
    slots = [str(slot.pk) for slot in placed.slots]
    return {
        "token": placed.token,
        "slot": slots[0],
        "slots": slots,
        "expires_at": instant(placed.hold.expires_at),
    }
