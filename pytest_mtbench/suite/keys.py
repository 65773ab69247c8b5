"""Whether every endpoint that may be asked has its key."""

from __future__ import annotations

from ..domain.endpoint import Role
from ..domain.errors import ConfigError
from ..untrusted.secrets import references
from ..untrusted.urls import is_loopback
from .resolved import ResolvedSuite
from .settings import Settings


def require_api_keys(resolved: ResolvedSuite, settings: Settings, *, generated: bool, judged: bool = True) -> None:
    """Whether every remote endpoint that will be asked has a key.

    Args:
        generated: a user's own hook answers instead of the model, whatever the suite file says.
        judged: whether answers will be judged, and compared with other models'.

    Raises:
        ConfigError: a key is missing.
    """
    sentinel = resolved.regression is not None and resolved.regression.sentinel is not None
    if settings.cache == "only" or settings.dry_run or (settings.merge and not sentinel):
        return
    if resolved.is_audition and not resolved.bouts:  # nothing is asked
        return
    # Where answers exist already their judgments may too; the client refuses to ask without a key in any case.
    exist = bool(settings.answers or settings.merge)
    own = generated or resolved.plan.model.bot is not None
    roles: list[Role] = [] if own or exist or resolved.is_audition else [resolved.plan.model]
    roles += resolved.plan.judges if judged and (sentinel or not exist) else []
    others = resolved.plan.opponents if judged else ()
    roles += [other for other in others if other.answers is None and not settings.merge]
    problems = [
        f"no key for {role.name} at {role.endpoint.url}: set {role.endpoint.key_variable}, or name another variable "
        'with api_key_env in the suite file; where it takes none, say `headers: {Authorization: ""}` there'
        for role in roles
        if not (is_loopback(role.endpoint.url) or role.endpoint.api_key or role.endpoint.keyless)
    ]
    problems += [
        f"env:{name} in {_place(role, name)} of {role.name}: the variable {name} is not set"
        for role in roles
        for name, value in role.endpoint.variables
        if not value
    ]
    if problems:
        raise ConfigError(*problems)


def _place(role: Role, variable: str) -> str:
    return "headers" if variable in references(dict(role.endpoint.secret_headers)) else "extra_body"
