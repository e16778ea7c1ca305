"""What the pages for readers of mails say, in each language that they speak."""

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from functions.domain.contacts.suppressions import ALL
from functions.domain.kinds import CampaignKind, ChannelKind


class Words(NamedTuple):
    """One language's sentences; {name}: the organisation's, {address}: masked, {topic}: of ours."""

    language: str  #: as people write it, "English" or "Deutsch"
    unsubscribe: str
    sender: str  #: where nobody knows what the organisation is called
    ask: str
    what: str  #: above the topics
    topics: Mapping[str, str]  #: by scope, in the plural
    done_with_all: str
    done: str
    more: str  #: above the topics that are left
    still: str  #: what may come all the same
    no_link: str
    no_link_why: str
    gone_why: str
    broken: str
    broken_why: str


_SCOPES: Final = (
    ALL,
    CampaignKind.BROADCAST,
    CampaignKind.JOURNEY,
    CampaignKind.SEQUENCE,
    ChannelKind.VOICE,
    ChannelKind.SMS,
    ChannelKind.WHATSAPP,
    ChannelKind.EMAIL,
    ChannelKind.WEBHOOK,
)


def _topics(*words: str) -> dict[str, str]:
    """Return the words for each scope, in the order of _SCOPES."""
    return dict(zip(_SCOPES, words, strict=True))


DEFAULT: Final = "en"
CATALOGUE: Final[Mapping[str, Words]] = {
    "en": Words(
        "English",
        "Unsubscribe",
        "the sender",
        "Do you want no more messages from {name} at {address}?",
        "What should stop?",
        _topics(
            "Everything",
            "Newsletters and other mailings",
            "Messages that follow what you do",
            "Series of messages",
            "Calls",
            "Text messages (SMS)",
            "WhatsApp messages",
            "E-mails",
            "Messages in apps",
        ),
        "You are unsubscribed. {address} gets no more messages from {name}.",
        "You are unsubscribed. {address} gets no more of these from {name}: {topic}.",
        "Should more than that stop?",
        "Answers to what you ask for yourself may still reach you.",
        "This link does not work",
        "It was cut off or changed on its way. Please follow the link in the mail itself, or answer"
        " the mail.",
        "Nothing is kept any more of the mail that it came with. Please follow the link in a newer"
        " mail.",
        "That did not work",
        "Something is wrong on our side. Please try again in a few minutes.",
    ),
    "es": Words(
        "Español",
        "Darse de baja",
        "el remitente",
        "¿No quiere recibir más mensajes de {name} en {address}?",
        "¿Qué debe terminar?",
        _topics(
            "Todo",
            "Boletines y otros envíos",
            "Mensajes que siguen a lo que usted hace",
            "Series de mensajes",
            "Llamadas",
            "Mensajes de texto (SMS)",
            "Mensajes de WhatsApp",
            "Correos electrónicos",
            "Mensajes en aplicaciones",
        ),
        "Se ha dado de baja. {address} ya no recibirá mensajes de {name}.",
        "Se ha dado de baja. {address} ya no recibirá de {name}: {topic}.",
        "¿Debe terminar algo más?",
        "Aún puede recibir respuestas a lo que usted mismo solicite.",
        "Este enlace no funciona",
        "Se cortó o cambió por el camino. Siga el enlace del propio correo o responda al correo.",
        "Ya no se guarda nada del correo con el que llegó. Siga el enlace de un correo más"
        " reciente.",
        "No ha funcionado",
        "Hay un problema por nuestra parte. Inténtelo de nuevo dentro de unos minutos.",
    ),
    "fr": Words(
        "Français",
        "Se désabonner",
        "l'expéditeur",
        "Ne voulez-vous plus recevoir de messages de {name} à l'adresse {address} ?",
        "Que faut-il arrêter ?",
        _topics(
            "Tout",
            "Lettres d'information et autres envois",
            "Messages qui suivent ce que vous faites",
            "Séries de messages",
            "Appels",
            "SMS",
            "Messages WhatsApp",
            "E-mails",
            "Messages dans les applications",
        ),
        "Vous êtes désabonné. {address} ne recevra plus de messages de {name}.",
        "Vous êtes désabonné. {address} ne recevra plus de {name} : {topic}.",
        "Faut-il arrêter autre chose ?",
        "Les réponses à vos propres demandes peuvent encore vous parvenir.",
        "Ce lien ne fonctionne pas",
        "Il a été coupé ou modifié en chemin. Suivez le lien dans l'e-mail lui-même, ou répondez à"
        " l'e-mail.",
        "Plus rien n'est conservé de l'e-mail qui le contenait. Suivez le lien d'un e-mail plus"
        " récent.",
        "Cela n'a pas fonctionné",
        "Un problème est survenu de notre côté. Réessayez dans quelques minutes.",
    ),
    "de": Words(
        "Deutsch",
        "Abmelden",
        "dem Absender",
        "Möchten Sie an {address} keine Nachrichten mehr von {name} bekommen?",
        "Was soll aufhören?",
        _topics(
            "Alles",
            "Newsletter und andere Rundschreiben",
            "Nachrichten, die auf das folgen, was Sie tun",
            "Nachrichtenreihen",
            "Anrufe",
            "SMS",
            "WhatsApp-Nachrichten",
            "E-Mails",
            "Nachrichten in Apps",
        ),
        "Sie sind abgemeldet. {address} bekommt keine Nachrichten mehr von {name}.",
        "Sie sind abgemeldet. {address} bekommt von {name} nicht mehr: {topic}.",
        "Soll noch mehr aufhören?",
        "Antworten auf eigene Anfragen können Sie weiterhin erreichen.",
        "Dieser Link funktioniert nicht",
        "Er wurde unterwegs abgeschnitten oder verändert. Bitte folgen Sie dem Link in der E-Mail"
        " selbst oder antworten Sie auf sie.",
        "Von der E-Mail, in der er stand, ist nichts mehr gespeichert. Bitte folgen Sie dem Link in"
        " einer neueren E-Mail.",
        "Das hat nicht geklappt",
        "Bei uns ist etwas nicht in Ordnung. Bitte versuchen Sie es in einigen Minuten noch"
        " einmal.",
    ),
    "pt": Words(
        "Português",
        "Cancelar a subscrição",
        "o remetente",
        "Não quer receber mais mensagens de {name} em {address}?",
        "O que deve parar?",
        _topics(
            "Tudo",
            "Boletins e outros envios",
            "Mensagens que seguem o que faz",
            "Séries de mensagens",
            "Chamadas",
            "Mensagens de texto (SMS)",
            "Mensagens de WhatsApp",
            "E-mails",
            "Mensagens em aplicações",
        ),
        "A sua subscrição foi cancelada. {address} não receberá mais mensagens de {name}.",
        "A sua subscrição foi cancelada. {address} não receberá mais de {name}: {topic}.",
        "Deve parar mais alguma coisa?",
        "Respostas a pedidos seus ainda podem chegar.",
        "Este link não funciona",
        "Foi cortado ou alterado pelo caminho. Siga o link no próprio e-mail ou responda ao"
        " e-mail.",
        "Já nada é guardado do e-mail em que veio. Siga o link de um e-mail mais recente.",
        "Não funcionou",
        "Há um problema do nosso lado. Tente novamente dentro de alguns minutos.",
    ),
    "it": Words(
        "Italiano",
        "Annulla l'iscrizione",
        "il mittente",
        "Non vuole più ricevere messaggi da {name} all'indirizzo {address}?",
        "Che cosa deve cessare?",
        _topics(
            "Tutto",
            "Newsletter e altri invii",
            "Messaggi che seguono ciò che fa",
            "Serie di messaggi",
            "Chiamate",
            "SMS",
            "Messaggi WhatsApp",
            "E-mail",
            "Messaggi nelle app",
        ),
        "L'iscrizione è annullata. {address} non riceverà più messaggi da {name}.",
        "L'iscrizione è annullata. {address} non riceverà più da {name}: {topic}.",
        "Deve cessare altro?",
        "Le risposte a ciò che chiede Lei possono ancora arrivare.",
        "Questo link non funziona",
        "È stato troncato o modificato lungo il percorso. Segua il link nell'e-mail stessa o"
        " risponda all'e-mail.",
        "Non è più conservato nulla dell'e-mail in cui si trovava. Segua il link di un'e-mail più"
        " recente.",
        "Non ha funzionato",
        "C'è un problema da parte nostra. Riprovi tra qualche minuto.",
    ),
    "nl": Words(
        "Nederlands",
        "Afmelden",
        "de afzender",
        "Wilt u op {address} geen berichten meer van {name} ontvangen?",
        "Wat moet er stoppen?",
        _topics(
            "Alles",
            "Nieuwsbrieven en andere mailings",
            "Berichten die volgen op wat u doet",
            "Reeksen berichten",
            "Oproepen",
            "Sms-berichten",
            "WhatsApp-berichten",
            "E-mails",
            "Berichten in apps",
        ),
        "U bent afgemeld. {address} ontvangt geen berichten meer van {name}.",
        "U bent afgemeld. {address} ontvangt van {name} niet meer: {topic}.",
        "Moet er nog meer stoppen?",
        "Antwoorden op wat u zelf vraagt, kunnen u nog bereiken.",
        "Deze link werkt niet",
        "Hij is onderweg afgebroken of veranderd. Volg de link in de e-mail zelf of beantwoord de"
        " e-mail.",
        "Van de e-mail waarin hij stond, wordt niets meer bewaard. Volg de link in een nieuwere"
        " e-mail.",
        "Dat is niet gelukt",
        "Er is iets mis aan onze kant. Probeer het over enkele minuten opnieuw.",
    ),
}

#: How lists of people write a language instead of its code.
_NAMES: Final[Mapping[str, str]] = {
    **{words.language.lower(): code for code, words in CATALOGUE.items()},
    "spanish": "es",
    "french": "fr",
    "german": "de",
    "portuguese": "pt",
    "italian": "it",
    "dutch": "nl",
}
_ASKED: Final = re.compile(r"\s*([A-Za-z]{1,8})[A-Za-z0-9_-]*\s*(?:;\s*q\s*=\s*([0-9.]+)\s*)?")


def language_for(known: Iterable[str], accepted: str) -> str:
    """Return the language to speak to somebody.

    `known`: what is kept of them, as "de", "pt_BR" or "German"; `accepted`: an Accept-Language.
    """
    said = [_NAMES.get(each.strip().lower(), each) for each in known]
    codes = [re.split(r"[-_]", each.strip().lower())[0] for each in said]
    return next((code for code in (*codes, *_accepted(accepted)) if code in CATALOGUE), DEFAULT)


def _accepted(header: str) -> list[str]:
    """Return the languages that a header names, the most wanted first (RFC 9110, 12.5.4)."""
    found = [_ASKED.fullmatch(part) for part in header[:1000].split(",")]
    wanted = [(_weight(each[2]), each[1].lower()) for each in found if each]
    return [code for weight, code in sorted(wanted, key=lambda it: -it[0]) if weight > 0]


def _weight(text: str | None) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0
