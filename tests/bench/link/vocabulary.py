"""Words to write messages with, in English, French, Spanish and Arabic.

Words of a lexicon are drawn as words of real text are (Zipf: few are frequent, most are rare), between real function words: first the words
of the trade, then a long tail of invented ones. The tail and all order come from a seed, so that what is measured and what a dictionary is
trained on share no more than two real streams would.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass

_WORDS = 1500


def listed(text: str) -> list[str]:
    """Returns the words of a text."""
    return text.split()


_SYLLABLES = {
    "en": (
        listed("st tr b d cl m n r sh w f l gr h p v th k br s"),
        listed("a e i o ea oo ai u ou ee"),
        listed("rd n ck t ll ng m st sh r p ne se ve d"),
        ("", "", "s", "ed", "ing", "er", "ly", "ment", "al"),
    ),
    "fr": (
        listed("b ch d f gr j l m n p qu r s t v tr pl cr"),
        listed("a e é i o ou au eu ai oi u an on"),
        listed("r l n t sse lle que ge s rt nt ble"),
        ("", "", "s", "e", "es", "ment", "tion", "eur", "ait"),
    ),
    "es": (
        listed("b c d f g h j l m n p r s t v br tr pl"),
        listed("a e i o u ie ue ia io"),
        listed("r l n s d z nd rt mb st"),
        ("o", "a", "os", "as", "ado", "ando", "ción", "mente", "ar"),
    ),
    "ar": (
        listed("ب ت ج ح د ر س ش ع ف ق ك ل م ن ه و ص ط"),  # noqa: RUF001 - Arabic
        [*listed("ا و ي"), "", ""],  # noqa: RUF001 - Arabic
        listed("ر ل م ن د ب ت ق ع ف س ح"),
        ("", "", "ة", "ات", "ين", "ها", "وا"),  # noqa: RUF001 - Arabic
    ),
}
_BETWEEN = {
    "en": listed(
        "the of and to in was at a by on with from that for it were had not but this its after before when near no under"
    ),
    "fr": listed(
        "le la de et à en du les un une que pour dans sur avec par est pas au qui ce sont des il plus après avant sans"
    ),
    "es": listed(
        "el la de y a en que los un una por con para del se su no las al lo más fue como pero sin sobre tras desde"
    ),
    "ar": listed("في من على إلى أن التي عن مع هذا هذه كان بعد قبل لا ما أو ثم قد كما لم عند بين دون حتى"),
}


# The words of the trade come first, as they do in real reports.
_TRADE = {
    "en": """vessel suspect officer report police customs container seized passport driver harbour crew wharf search arrest warrant
        evidence statement witness photograph engine fishing boat yacht island airport arrival departure passenger luggage
        telephone number account transfer bank money cash drugs packet kilograms hidden locker cabin hull fuel tank market
        village road house family brother wife cousin owner company director address known recorded confirmed believed
        reported observed identified questioned released detained charged court prison sentence request information
        answer urgent assistance inquiry inspector sergeant commander patrol aircraft radar position course speed north
        south east west night morning evening yesterday week month several possible further previous local foreign""",
    "fr": """navire suspect agent rapport police douane conteneur saisi passeport conducteur port équipage quai perquisition
        mandat preuve déclaration témoin photographie moteur pêche bateau voilier île aéroport arrivée départ passager
        bagage téléphone numéro compte virement banque argent espèces stupéfiants paquet kilogrammes caché cabine coque
        carburant marché village route maison famille frère épouse cousin propriétaire société directeur adresse connu
        enregistré confirmé signalé observé identifié interrogé libéré détenu tribunal prison demande renseignement
        réponse urgent assistance enquête inspecteur patrouille avion radar position cap vitesse nord sud est ouest nuit
        matin soir hier semaine mois plusieurs possible précédent local étranger""",
    "es": """buque sospechoso agente informe policía aduana contenedor incautado pasaporte conductor puerto tripulación muelle
        registro orden prueba declaración testigo fotografía motor pesca barco velero isla aeropuerto llegada salida
        pasajero equipaje teléfono número cuenta transferencia banco dinero efectivo drogas paquete kilogramos oculto
        camarote casco combustible mercado pueblo camino casa familia hermano esposa primo propietario empresa director
        dirección conocido registrado confirmado señalado observado identificado interrogado liberado detenido tribunal
        prisión solicitud información respuesta urgente asistencia investigación inspector patrulla avión radar posición
        rumbo velocidad norte sur este oeste noche mañana tarde ayer semana mes varios posible anterior local extranjero""",
    "ar": """سفينة مشتبه ضابط تقرير شرطة جمارك حاوية ضبط جواز سائق ميناء طاقم رصيف تفتيش توقيف مذكرة دليل إفادة شاهد صورة محرك صيد
        قارب يخت جزيرة مطار وصول مغادرة مسافر أمتعة هاتف رقم حساب تحويل مصرف مال نقد مخدرات طرد كيلوغرام مخفي خزانة مقصورة
        وقود سوق قرية طريق بيت عائلة أخ زوجة مالك شركة مدير عنوان معروف مسجل مؤكد محتجز محكمة سجن طلب معلومات جواب عاجل
        مساعدة تحقيق مفتش دورية طائرة رادار موقع مسار سرعة شمال جنوب شرق غرب ليل صباح مساء أمس أسبوع شهر سابق محلي أجنبي""",
}


@dataclass(frozen=True)
class Lexicon:
    """The words of one language, and how frequent each is (cumulated)."""

    words: list[str]
    weights: list[float]
    between: list[str]


def lexicons(seed: str) -> dict[str, Lexicon]:
    """Returns the four languages of a seed."""
    return {language: _lexicon(language, random.Random(f"{seed}/{language}")) for language in _SYLLABLES}


def _lexicon(language: str, made: random.Random) -> Lexicon:
    heads, vowels, tails, ends = _SYLLABLES[language]
    words: dict[str, None] = dict.fromkeys(made.sample(_TRADE[language].split(), k=len(_TRADE[language].split())))
    while len(words) < _WORDS:
        stem = "".join(made.choice(heads) + made.choice(vowels) for _ in range(made.choice((1, 1, 2, 2))))
        words[stem + made.choice(tails) + made.choice(ends)] = None
    weights = list(itertools.accumulate(1 / (rank + 8) for rank in range(len(words))))
    return Lexicon(list(words), weights, _BETWEEN[language])


def sentence(made: random.Random, lexicon: Lexicon, names: list[str]) -> str:
    """Returns a sentence; now and then one of the names, a time, a position or a number stands in it."""
    words: list[str] = []
    for _ in range(made.randint(7, 19)):
        drawn = made.random()
        if drawn < 0.36:
            words.append(lexicon.between[int(made.random() ** 2 * len(lexicon.between))])
        elif drawn < 0.44:
            words.append(made.choice(names))
        elif drawn < 0.49:
            words.append(_fact(made))
        else:
            words += made.choices(lexicon.words, cum_weights=lexicon.weights)
    return " ".join(words).capitalize() + "."


def text(made: random.Random, lexicon: Lexicon, names: list[str], letters: int) -> str:
    """Returns about that many letters of sentences."""
    found = ""
    while len(found) < letters:
        found += (" " if found else "") + sentence(made, lexicon, names)
    return found


def _fact(made: random.Random) -> str:
    return made.choice(
        (
            f"{made.randint(0, 23):02}:{made.randint(0, 59):02}",
            f"{made.uniform(0, 25):.3f}S",
            f"{made.uniform(150, 180):.3f}E",
            str(made.randint(2, 9_999)),
            f"{made.randint(1, 28)}/{made.randint(1, 12)}",
            f"+67{made.randint(0, 9)} {made.randint(100_000, 9_999_999)}",
        )
    )
