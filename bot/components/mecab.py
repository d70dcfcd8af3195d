"""`konlpy.tag.Mecab` over python-mecab-ko, whose wheel carries the engine and mecab-ko-dic.

KoNLPy's class expects the MeCab binding and a dictionary under /usr/local; only those two are replaced here, its parsing
and its `pos`, `morphs` and `nouns` stay in use.
"""

from __future__ import annotations

from konlpy.tag import Mecab
from mecab import MeCab, MeCabError
from mecab.utils import create_lattice


class MecabKo(Mecab):
    """KoNLPy's Mecab, with the tagger of python-mecab-ko."""

    def __init__(self, dicpath: str | None = None) -> None:
        """Loads the dictionary (10 ms).

        Args:
            dicpath: a mecab-ko dictionary; the packaged mecab-ko-dic by default.
        """
        self.dicpath = dicpath
        self.tagger = _Tagger(dicpath)


class _Tagger:
    """The one method of the MeCab binding that KoNLPy calls."""

    def __init__(self, dicpath: str | None) -> None:
        self._mecab = MeCab(dictionary_path=dicpath)

    def parse(self, phrase: str) -> str:
        """MeCab's lines, `surface<TAB>tag,...`, then `EOS`."""
        lattice = create_lattice(phrase)
        if not self._mecab._tagger.parse(lattice):  # as MeCab.parse, without its objects: half the time
            raise MeCabError(self._mecab._tagger.what())
        return "\n".join([*(f"{node.surface}\t{node.feature}" for _, node in lattice), "EOS"])
