"""save_skill: the last plan that the robot acted on gets a name."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node

from ..errors import ErrorCode, RlzeroError, SkillError
from ..planning import Planned, Planner
from ..srv import SaveSkill


class SkillService:
    """Serves until the stack that it is given closes.

    last: the last plan that the robot acted on; None: there is none.
    """

    def __init__(
        self, node: Node, stack: ExitStack, planner: Planner, last: Callable[[], Planned | None]
    ) -> None:
        self._planner, self._last = planner, last
        service = node.create_service(
            SaveSkill, "save_skill", self._save, callback_group=MutuallyExclusiveCallbackGroup()
        )
        stack.callback(node.destroy_service, service)

    def _save(self, request: SaveSkill.Request, response: SaveSkill.Response) -> SaveSkill.Response:
        try:
            planned = self._last()
            if planned is None:
                raise SkillError(
                    "the robot has acted on no plan yet: give it a command first",
                    ErrorCode.SKILL_MISSING,
                )
            saved = self._planner.save(planned, request.name, request.replace)
        except RlzeroError as error:
            response.error_code, response.message = int(error.code), error.message
            return response
        response.name, response.command = saved.name, saved.command
        response.message = f"saved; say {saved.name.replace('_', ' ')!r}"
        return response
