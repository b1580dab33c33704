"""Every error that a user can meet, as one exception family and one table of numbers.

The numbers are what actions, services and ``PolicyStatus`` carry on the wire. Ranges:
1xx the command, 2xx imagine, 3xx project, 4xx the bundle, 5xx the robot, 6xx data and training,
7xx the skill library, 9xx a defect in this package.
"""

from enum import IntEnum
from typing import ClassVar


class ErrorCode(IntEnum):
    """Why something was refused or failed; 0 means that it worked."""

    OK = 0

    COMMAND_EMPTY = 100
    COMMAND_TOO_LONG = 101
    COMMAND_NOT_TEXT = 102
    COMMAND_NOT_UNDERSTOOD = 103
    CANCELED = 104
    PREEMPTED = 105

    IMAGINE_FAILED = 200
    VIDEO_UNREADABLE = 201
    IMAGINER_UNKNOWN = 202
    IMAGINER_UNFIT = 203
    IMAGINED_SOMETHING_ELSE = 204

    PROJECTION_FAILED = 300
    LOW_SIMILARITY = 301

    BUNDLE_MISSING = 400
    BUNDLE_CORRUPT = 401
    BUNDLE_MISMATCH = 402

    NOT_ARMED = 500
    STOPPED = 501
    POLICY_UNAVAILABLE = 502
    PLAN_EXPIRED = 503
    PLAN_INVALID = 504
    TIMEOUT = 505
    ROBOT_NOT_SIMULATED = 506
    REHEARSAL_VETO = 507

    DATA_INVALID = 600
    DIVERGED = 601

    SKILL_MISSING = 700
    SKILL_CORRUPT = 701
    SKILL_MISMATCH = 702
    SKILL_NAME = 703
    SKILL_NOT_SAVED = 704

    INTERNAL = 900


class RlzeroError(Exception):
    """One clear line for the user: what is wrong, and what to do about it."""

    default_code: ClassVar[ErrorCode] = ErrorCode.INTERNAL

    def __init__(self, message: str, code: ErrorCode | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = self.default_code if code is None else ErrorCode(code)


class CommandError(RlzeroError):
    """The sentence is not one that can be carried out."""

    default_code = ErrorCode.COMMAND_NOT_UNDERSTOOD


class ImagineError(RlzeroError):
    """No clip could be made or read."""

    default_code = ErrorCode.IMAGINE_FAILED


class ProjectError(RlzeroError):
    """The clip could not be turned into observations of the robot."""

    default_code = ErrorCode.PROJECTION_FAILED


class BundleError(RlzeroError):
    """A bundle is missing, damaged, or belongs to something else."""

    default_code = ErrorCode.BUNDLE_CORRUPT


class RobotError(RlzeroError):
    """The robot, simulated or real, cannot do what was asked."""

    default_code = ErrorCode.POLICY_UNAVAILABLE


class DataError(RlzeroError):
    """Training data or a checkpoint is unusable."""

    default_code = ErrorCode.DATA_INVALID


class SkillError(RlzeroError):
    """A skill is missing, damaged, made for another robot, or cannot be saved."""

    default_code = ErrorCode.SKILL_CORRUPT
