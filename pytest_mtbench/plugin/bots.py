"""The users' own chatbots of a run: what answers for the hook, and what suite files name, imported."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from typing import Any, NoReturn

import pytest

from ..domain.errors import ConfigError
from ..domain.own import BotName
from ..engine.bot import Bot, Named
from ..engine.bot_target import Answers, Made, target_of
from ..engine.bots import Bots
from ..files.own_code import OwnCode
from ..suite.resolved import ResolvedSuite
from ..untrusted.secrets import secrets_in
from .clients import Clients
from .generate_hook import HOOK, WhoAnswers
from .registry import SuiteRegistry


class OwnBots:
    """Imports and makes the users' own chatbots that answer instead of endpoints, once a run asks."""

    def __init__(self, config: pytest.Config, registry: SuiteRegistry, clients: Clients, who: WhoAnswers) -> None:
        self._config = config
        self._registry = registry
        self._clients = clients
        self._who = who
        self._code = OwnCode(config.rootpath, config.invocation_params.dir, clients.redact)
        self._made: dict[int, Bot] = {}

    def of(self, wanted: Collection[str] | None) -> Bots:
        """Who answers for which suite, where it is no endpoint; imported, and not yet opened.

        Args:
            wanted: the ids of the suites that anything is wanted of; None where that is not known yet.

        Raises:
            ConfigError: one cannot be imported, or is nothing that answers.
        """
        if self._who.is_own:  # it has keys of its own
            self._clients.hide(secrets_in(os.environ))
        running = {suite.id for suite in self._registry.suites.values()}
        found, later = {}, set()
        for suite in self._who.asked:
            bot = suite.plan.model.bot
            if bot is None and self._who.hook:
                found[suite.id] = self._of_the_hook(suite)
            elif bot is not None and (wanted is None or suite.id in wanted):
                is_later = suite.id not in running and wanted is None
                later |= {suite.id} if is_later else set()
                found[suite.id] = self._of_a_file(suite, bot, is_later=is_later)
        return Bots(found, later)

    def close(self) -> None:
        """Lets go of the folders that modules were imported from."""
        self._code.close()

    def _of_the_hook(self, suite: ResolvedSuite) -> Bot:
        hook = self._config.hook.pytest_mtbench_generate

        def generate(**told: Any) -> object:
            return hook(**told)

        return self._bot(suite, Named(HOOK, self._who.hook), Answers(generate), may_pass=True)

    def _of_a_file(self, suite: ResolvedSuite, bot: BotName, *, is_later: bool) -> Bot:
        """The chatbot that a suite file names; one for all that name the same object."""
        named = Named("model.generate", bot.target, bot.where)
        folder = suite.path.parent if suite.path is not None else self._config.rootpath
        try:
            found = self._code.find(bot, folder)
            target = _target(found, bot)
        except ConfigError as error:
            if not is_later:
                raise
            # Its mistakes are of no matter to a run where no test reads it.
            return self._bot(suite, Named("model.generate", bot.target), Made(_raising(error), bot.target))
        return self._made.setdefault(id(found), self._bot(suite, named, target))

    def _bot(self, suite: ResolvedSuite, named: Named, target: Answers | Made, *, may_pass: bool = False) -> Bot:
        model, clients = suite.plan.model, self._clients
        return Bot(
            named,
            target,
            clients.limiter(model, "answer"),
            model.endpoint,
            redact=clients.redact,
            announce=clients.announce,
            may_pass=may_pass,
        )


def _target(found: Any, bot: BotName) -> Answers | Made:
    try:
        return target_of(found, bot.target)
    except ConfigError as error:
        raise ConfigError(f"{bot.where}{error}") from None


def _raising(error: ConfigError) -> Callable[[], object]:
    def make() -> NoReturn:
        raise error

    return make
