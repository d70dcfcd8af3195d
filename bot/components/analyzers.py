"""The five analyzers of `konlpy.tag` behind one call; each is made at first use, so that no import starts a JVM."""

from __future__ import annotations

from typing import Protocol

from rasa.shared.exceptions import RasaException

ANALYZERS = ("mecab", "okt", "komoran", "hannanum", "kkma")


class AnalyzerUnavailable(RasaException):
    """The configured analyzer cannot run on this machine (no Java, or an unknown name)."""


class Analyzer(Protocol):
    """What `konlpy.tag` classes have in common."""

    def pos(self, phrase: str) -> list[tuple[str, str]]:
        """(morpheme, part of speech) in the order of the phrase."""


_made: dict[str, Analyzer] = {}


def analyzer(name: str) -> Analyzer:
    """The analyzer of that name, made once a process (Mecab loads in 10 ms, a JVM takes some 2 s).

    Raises:
        AnalyzerUnavailable: the name is unknown, or the analyzer needs a JVM and there is none.
    """
    if name not in ANALYZERS:
        raise AnalyzerUnavailable(f"unknown analyzer '{name}'; choose one of {', '.join(ANALYZERS)}")
    if name not in _made:
        _made[name] = _mecab() if name == "mecab" else _on_java(name)
    return _made[name]


def _mecab() -> Analyzer:
    from bot.components.mecab import MecabKo

    return MecabKo()


def _on_java(name: str) -> Analyzer:
    from konlpy import tag

    try:
        made: Analyzer = getattr(tag, name.capitalize())()
    except Exception as error:  # JPype raises its own kinds: no JVM found, JVM not loadable, class not found
        raise AnalyzerUnavailable(
            f"the analyzer '{name}' needs a Java runtime and could not start one ({type(error).__name__}: {error}); "
            f"install a JRE and set JAVA_HOME, or configure `analyzer: mecab`"
        ) from error
    return made
