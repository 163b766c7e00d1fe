"""Owns who acts: what the user says, else the environment, git, the CI system, the login name."""

from __future__ import annotations

import os
import pwd
from collections.abc import Mapping
from typing import TYPE_CHECKING

from mlreg.domain.names import checked_line
from mlreg.lazy import LazyModule

if TYPE_CHECKING:
    import subprocess
else:
    subprocess = LazyModule("subprocess")

VARIABLE = "MLREG_ACTOR"
LOGIN = "the login name"
_CI_VARIABLES = (
    "GITHUB_ACTOR",
    "GITLAB_USER_EMAIL",
    "BUILD_REQUESTEDFOREMAIL",
    "CHANGE_AUTHOR_EMAIL",
    "CIRCLE_USERNAME",
)
_GIT_TIMEOUT_S = 5


def find(given: str | None, environment: Mapping[str, str] = os.environ) -> str:
    """Returns who acts.

    Raises:
        UsageError: What was given is not one line of text.
    """
    return told(given, environment)[0]


def told(given: str | None, environment: Mapping[str, str] = os.environ) -> tuple[str, str]:
    """Returns who acts, and who said so: `--actor`, `MLREG_ACTOR`, `git config user.email` … or `LOGIN`.

    Raises:
        UsageError: What was given is not one line of text.
    """
    if given is not None:
        return checked_line(given, "an actor"), "--actor"
    if named := environment.get(VARIABLE):
        return checked_line(named, f"an actor ({VARIABLE})"), VARIABLE
    if email := _git_email():
        return checked_line(email, "an actor"), "git config user.email"
    variable = next((name for name in _CI_VARIABLES if environment.get(name)), None)
    found, source = (environment[variable], variable) if variable else (_login_name(), LOGIN)
    return checked_line(found, "an actor"), source


def _git_email() -> str | None:
    try:
        answer = subprocess.run(
            ["git", "config", "user.email"], capture_output=True, timeout=_GIT_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.decode("utf-8", "replace").strip() or None


def _login_name() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid-{os.getuid()}"
