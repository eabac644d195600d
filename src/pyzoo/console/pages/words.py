"""Four-letter words: what each of them answers, as far as the whitelist has it."""

from starlette.responses import Response

from pyzoo.console.page import Action, Page, PageError, PageRequest
from pyzoo.console.word_answers import MOST_CHARACTERS, Word, answer_pieces, words_of

PATH = "/console/words"


async def show(asked: PageRequest) -> Response:
    """The page: all words, and the answer to one of them."""
    words = words_of(asked.server())
    name = asked.parameters.get("word", "")
    word = _word(words, name) if name else None
    answer, is_cut = ("", False) if word is None else await _answer(asked, word)
    return asked.page("words.html", words=words, word=word, answer=answer, is_cut=is_cut)


async def as_json(asked: PageRequest) -> Response:
    """The same for programs."""
    words = words_of(asked.server())
    name = asked.parameters.get("word", "")
    if not name:
        return asked.json({"words": [{"word": each.name, "on": each.is_on, "meaning": each.meaning} for each in words]})
    answer, is_cut = await _answer(asked, _word(words, name))
    return asked.json({"word": name, "answer": answer, "is_cut": is_cut})


def _word(words: list[Word], name: str) -> Word:
    """The word of this name. Raises PageError."""
    word = next((each for each in words if each.name == name), None)
    if word is None:
        raise PageError(404, f"There is no word {name[:20]}.")
    return word


async def _answer(asked: PageRequest, word: Word) -> tuple[str, bool]:
    """The beginning of the answer, and whether it goes on; others go on in between. Raises PageError."""
    if not word.is_on:
        raise PageError(403, f"{word.name} is off: 4lw.commands.whitelist does not have it.")
    if word.changes:
        raise PageError(403, f"{word.name} changes something: ask for it at the client port.")
    while asked.server().slices.is_held:
        await asked.host.pause()
    pieces: list[str] = []
    size = 0
    for piece in answer_pieces(asked.server(), word.name):
        pieces.append(piece)
        size += len(piece)
        if size > MOST_CHARACTERS:
            return "".join(pieces)[:MOST_CHARACTERS], True
        if not piece or len(pieces) % 100 == 0:
            await asked.host.pause()
    return "".join(pieces), False


PAGE = Page((Action(PATH, show), Action("/console/api/words", as_json)), "Words")
