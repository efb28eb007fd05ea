"""Words that grammar hangs on, German and English. Knows nothing but words."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Frequent words that the other language does not have.
COMMON_WORDS = {
    "de": _words(
        """
        der die das und ist sind ein eine einen einem einer des dem den nicht mit für auf von zu zum zur im
        werden wird wurde kann können sich auch als wie oder aber wenn dass nur durch bei aus nach über es sie
        er man hat haben diese dieser dieses sein ihre ihr noch mehr sehr muss müssen soll sollte um vor bis so
        war
        """
    ),
    "en": _words(
        """
        the a an and is are of to in that it for on with as be this by or not from can if at which you your we
        will has have but was were when there their they used use using may must should each any all no only
        other than then into its these those been do does how what
        """
    ),
}
ABBREVIATIONS = _words(
    """
    bzw ca etc evtl ggf inkl max min nr sog usw vgl abb tab kap abs bspw engl dt dr prof hr fr st str tel jh
    geb gest e.g i.e eg ie cf vs fig sec ch no vol approx resp incl mr mrs ms inc ltd al pp ff u.a z.b d.h u.ä
    o.ä s.o s.u
    """
)
# A sentence that begins with one of these leans on the one before it; * stands for any ending.
LEANING_WORDS = {
    "de": _words(
        """
        Dies* Das Sie Er Es Ihr* Sein* Jen* Solch* Damit Dabei Dadurch Dafür Dagegen Daher Dahinter Danach
        Daneben Dann Daran Darauf Daraus Darin Darüber Darum Darunter Davon Davor Dazu Deshalb Deswegen Dennoch
        Denn Dort Da Hier* Somit Folglich Also Allerdings Jedoch Trotzdem Außerdem Zudem Ferner Weiterhin Und
        Oder Aber Auch Beide* Erstere* Letztere* Andernfalls Ansonsten Sonst Anschließend Nun So Ebenso
        Beispiel* Umgekehrt Stattdessen Leider Natürlich Insbesondere Genauso Ähnlich Nein Ja Siehe Vgl
        Folgende* Welche* Sogar Schließlich Zuletzt Zunächst Dementsprechend Demnach Weitere* Andere Ebenfalls
        Bisher Zuerst Wobei Beachten
        """
    ),
    "en": _words(
        """
        This That These Those It Its They Their He She His Her Such So Then Thus Therefore Hence However
        Moreover Furthermore Also And But Or Yet Here There Otherwise Instead Similarly Likewise Consequently
        Next Finally First Second Third Again Additionally Both Either Neither Another Other Others
        Unfortunately Yes No See Alternatively Conversely Meanwhile Nevertheless Note Above Below Which Same
        Used Allow* Will Only Read* Get* Return* Write* Enable* Queue* Access* Create* Because Since Must May
        Can Should
        """
    ),
}
# They point to another place of the document, which an answer does not show.
POINTING_WORDS = _words(
    """
    siehe unten oben obige* vorige* folgende* vorherige* hier see below above following previous here
    """
)
ARTICLES = {
    "de": _words(
        """
        der die das ein eine jede jeder jedes kein keine alle viele manche
        """
    ),
    "en": _words(
        """
        the a an each every all most many some any
        """
    ),
}
# Small words inside a subject.
INNER_WORDS = {
    "de": _words(
        """
        des der von für und im vom den mit aus zum zur in einer eines am
        """
    ),
    "en": _words(
        """
        of for and in the a an on to from with or
        """
    ),
}
# Verbs whose object answers "Was …?".
WHAT_VERBS_DE = _words(
    """
    enthält enthalten umfasst umfassen ermöglicht ermöglichen erlaubt erlauben beschreibt beschreiben definiert
    definieren bewirkt bewirken erzeugt erzeugen liefert liefern benötigt benötigen unterstützt unterstützen
    erfordert erfordern verhindert verhindern bezeichnet bezeichnen bedeutet bedeuten verwendet verwenden
    benutzt benutzen regelt regeln bestimmt bestimmen prüft prüfen installiert installieren verwaltet verwalten
    übernimmt übernehmen besitzt besitzen bildet bilden verlangt verlangen untersucht untersuchen misst messen
    vermeidet vermeiden erreicht erreichen nutzt nutzen leistet leisten braucht brauchen senkt senken erhöht
    erhöhen speichert speichern berechnet berechnen verändert verändern verringert verringern
    """
)
OTHER_VERBS_DE = _words(
    """
    kann können muss müssen soll sollen sollte sollten darf dürfen hat haben dient dienen besteht bestehen gilt
    gelten heißt heißen bietet bieten läuft laufen funktioniert funktionieren befindet befinden steht stehen
    liegt liegen gehört gehören entspricht entsprechen hilft helfen sorgt sorgen basiert
    basieren beginnt beginnen
    """
)
SEPARABLE_DE = _words(
    """
    stellt stellen legt legen gibt geben bietet bieten führt führen zeigt zeigen wandelt wandeln nimmt nehmen
    """
)
PREFIXES_DE = _words(
    """
    dar bereit fest aus an vor durch um ab auf
    """
)
BE_DE = _words(
    """
    ist sind war waren wird werden wurde wurden
    """
)
AUXILIARIES_EN = _words(
    """
    is are was were can could must should will would may might has have does do cannot
    """
)
# The same in English, with the form that follows "does".
WHAT_VERBS_EN = dict(
    pair.split(":")
    for pair in _words(
        """
        provides:provide contains:contain describes:describe defines:define returns:return allows:allow
        supports:support requires:require creates:create specifies:specify uses:use includes:include
        offers:offer enables:enable gives:give takes:take controls:control represents:represent
        determines:determine indicates:indicate means:mean produces:produce sets:set reads:read writes:write
        performs:perform implements:implement expects:expect accepts:accept handles:handle prevents:prevent
        installs:install generates:generate computes:compute consists:consist needs:need
        converts:convert stores:store reduces:reduce increases:increase measures:measure
        reaches:reach
        """
    )
)
