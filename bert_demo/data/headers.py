"""What columns are called, in any case: of the text, of a second text, of the label, of what is neither.

Tiers: names of an earlier one come before those of a later one; two of one tier are equally good. English first, then
Spanish, French, German, Italian, Portuguese, Dutch, Polish, Russian, Chinese, Japanese, Korean, Turkish.
"""

from __future__ import annotations

import re
import unicodedata

TEXT_NAMES: tuple[tuple[str, ...], ...] = (
    ("text", "texts", "sentence", "sentences", "texto", "texte", "satz", "sätze", "testo", "frase", "phrase",
     "tekst", "zin", "zdanie", "текст", "предложение", "文本", "句子", "正文", "テキスト", "文章",
     "文", "텍스트", "문장",
     "metin", "cümle"),
    ("review", "reviews", "message", "description", "content", "comment text", "comment", "tweet", "body",
     "document", "utterance", "statement", "post", "query", "reseña", "comentario", "mensaje", "contenido",
     "avis", "commentaire", "message texte", "kommentar", "nachricht", "bewertung", "inhalt", "recensione",
     "commento", "messaggio", "mensagem", "comentário", "отзыв", "сообщение", "评论", "内容",
     "レビュー", "コメント", "리뷰",
     "yorum", "input"),
)  # fmt: skip
TITLE_NAMES = ("title", "headline", "subject", "titel", "titre", "título", "titulo", "titolo", "标题", "タイトル")
PAIR_NAMES: tuple[tuple[str, str], ...] = (
    ("premise", "hypothesis"), ("sentence1", "sentence2"), ("sentence 1", "sentence 2"),
    ("sentence a", "sentence b"), ("question1", "question2"), ("question 1", "question 2"), ("text1", "text2"),
    ("text 1", "text 2"), ("text a", "text b"), ("question", "sentence"), ("question", "context"),
    ("question", "answer"), ("question", "passage"), ("query", "passage"), ("query", "document"),
    ("text", "text pair"), ("text", "pair"), ("text", "second text"), ("#1 string", "#2 string"),
    ("prämisse", "hypothese"), ("prémisse", "hypothèse"), ("premisa",
     "hipótesis"), ("前提", "假设"), ("前提", "仮説"),
)  # fmt: skip
LABEL_NAMES: tuple[tuple[str, ...], ...] = (
    ("label", "labels", "class", "target", "gold", "gold label", "gold_label", "y", "etiqueta", "etiquetas",
     "étiquette", "étiquettes", "etichetta", "etichette", "klasse", "etikett", "rótulo", "etykieta", "метка",
     "класс", "标签", "类别", "ラベル", "레이블", "라벨", "etiket", "clase", "classe"),
    ("category", "sentiment", "topic", "emotion", "intent", "polarity", "rating", "stars", "class index",
     "quality", "is duplicate", "categoría", "catégorie", "kategorie", "categoria", "sentimiento", "stimmung",
     "thema", "tema", "sujet", "категория", "тональность", "情感", "分类", "カテゴリ", "感情",
     "카테고리", "감정", "duygu",
     "output"),
)  # fmt: skip
ID_NAMES = frozenset(
    ("id", "ids", "idx", "index", "guid", "uuid", "uid", "row", "row id", "no", "nr", "number", "split",
     "unnamed: 0", "textid", "text id", "sentence id", "pairid", "pair id", "#1 id", "#2 id", "source", "date",
     "timestamp", "编号", "序号")
)  # fmt: skip
"""Columns that are left out without a word."""
_PARTS = re.compile(r"[\s_\-.]+")


def plain(name: str) -> str:
    """A column's name as it is compared: any case, blanks for what parts its words."""
    return _PARTS.sub(" ", unicodedata.normalize("NFC", name).strip().strip('"').casefold()).strip()


_KNOWN = (
    {plain(name) for tier in (*TEXT_NAMES, *LABEL_NAMES) for name in tier}
    | {plain(name) for pair in PAIR_NAMES for name in pair}
    | {plain(name) for name in (*TITLE_NAMES, *ID_NAMES)}
)


def is_known_header(name: str) -> bool:
    """Whether a cell is what a column may be called."""
    return plain(name) in _KNOWN


def best(names: list[str], tiers: tuple[tuple[str, ...], ...]) -> list[int]:
    """The places of the columns of the first tier that any of them is in; names: as `plain` writes them."""
    for tier in tiers:
        known = {plain(each) for each in tier}
        if found := [place for place, name in enumerate(names) if name in known]:
            return found
    return []
