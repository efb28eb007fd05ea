# ruff: noqa: E501 (one answer a line)
"""Answers to measure support with, about the energy text of `material`: said in other words, and about something else."""

# (the words of the paragraph that it is about, the answer)
PARAPHRASES = [
    ("Energie ist die Fähigkeit", "Unter Energie versteht man das Vermögen eines Körpers, Arbeit zu leisten, Licht abzugeben oder Wärme auszusenden."),
    ("Energie ist die Fähigkeit", "Sie tritt zum Beispiel als Höhenenergie von gestautem Wasser, als Bewegungsenergie eines Zuges oder als elektrische Energie auf."),
    ("Mechanische Arbeit ist", "Man multipliziert die Kraft, die in Richtung des Weges wirkt, mit dem Weg."),
    ("Mechanische Arbeit ist", "Weil die Kraft beim waagerechten Tragen senkrecht zum Weg wirkt, verrichtet man am Koffer keine Arbeit, auch wenn der Arm ermüdet."),
    ("Die Einheit der Energie", "Energie misst man in Joule. Im Haushalt rechnet man meist mit Kilowattstunden; eine davon sind 3,6 Millionen Joule."),
    ("Bewegungsenergie heißt auch", "Weil die kinetische Energie quadratisch mit der Geschwindigkeit wächst, vervierfacht sich der Bremsweg eines Autos bei doppelter Geschwindigkeit."),
    ("Spannenergie ist die", "In einer gespannten Feder oder einer Bogensehne steckt Spannenergie, die beim Loslassen zu Bewegungsenergie wird."),
    ("Der Energieerhaltungssatz ist", "Der Satz besagt, dass die Gesamtenergie in einem abgeschlossenen System unverändert bleibt: Energie wird umgewandelt oder übertragen, aber nie vernichtet."),
    ("Ein abgeschlossenes System", "So nennt man ein System ohne Austausch von Energie und Stoff mit der Umgebung; eine Thermoskanne ist es annähernd."),
    ("Ein Pendel zeigt", "Durch den Luftwiderstand geht bei jeder Schwingung etwas Energie an die Luft über, deshalb kommt das Pendel irgendwann zur Ruhe."),
    ("Ein Perpetuum mobile", "Eine Maschine, die ohne Energiezufuhr immer weiter Arbeit verrichtet, widerspricht dem Energieerhaltungssatz; die Akademie in Paris prüft solche Vorschläge seit 1775 nicht mehr."),
    ("Reibung ist eine", "Bei Reibung verschwindet die Energie nicht, sie wird als Wärme in der Umgebung verteilt und ist kaum noch nutzbar. Das heißt Energieentwertung."),
    ("Leistung ist die", "Leistung gibt an, wie viel Energie pro Zeit umgewandelt wird. Sie wird in Watt gemessen, also Joule pro Sekunde."),
    ("Der Wirkungsgrad ist", "Er gibt an, welcher Teil der zugeführten Energie genutzt werden kann. Bei einer Glühlampe sind es nur rund fünf Prozent, bei einer LED über vierzig."),
    ("Ein Elektromotor erreicht", "Beim Diesel geht viel Energie über den Auspuff und den Kühler als Wärme verloren, deshalb schafft er nur rund vierzig Prozent."),
    ("Das Pferd war", "Watt verglich seine Dampfmaschinen mit Pferden aus dem Bergwerk. Eine Pferdestärke sind etwa 735 Watt."),
    ("Innere Energie ist", "Wenn man einen Körper erwärmt, werden seine Teilchen schneller und damit nimmt die innere Energie zu."),
    ("Wärme ist Energie", "Von allein geht Wärme immer vom heißen zum kalten Körper. Damit ein Kühlschrank sie umgekehrt transportiert, braucht er Strom."),
]  # fmt: skip

# What models write who know the matter, but did not read the text; the same places.
INVENTIONS = [
    ("Energie ist die Fähigkeit", "Der Begriff stammt aus dem Griechischen und wurde 1807 von Thomas Young in die Wissenschaft eingeführt."),
    ("Mechanische Arbeit ist", "Leonardo da Vinci untersuchte schon früh Hebel, Flaschenzüge und schiefe Ebenen."),
    ("Die Einheit der Energie", "Atomphysiker rechnen häufig in Elektronenvolt, das etwa 1,602 · 10⁻¹⁹ entspricht."),
    ("Bewegungsenergie heißt auch", "Isaac Newton veröffentlichte 1687 seine Principia mit drei Axiomen."),
    ("Spannenergie ist die", "Das Hookesche Gesetz gilt nur im linearen Bereich, danach verformt sich das Material plastisch."),
    ("Der Energieerhaltungssatz ist", "Emmy Noether bewies 1918 den Zusammenhang zwischen Symmetrien und Erhaltungsgrößen."),
    ("Ein abgeschlossenes System", "Laborversuche finden häufig unter Vakuum statt, damit Luftmoleküle nicht stören."),
    ("Ein Pendel zeigt", "Die Schwingungsdauer hängt von Fadenlänge und Fallbeschleunigung ab, nicht aber von der Masse."),
    ("Ein Perpetuum mobile", "Johann Bessler zeigte 1712 in Gera ein großes Rad, das angeblich nie stehenblieb."),
    ("Reibung ist eine", "Schmierstoffe wie Öl oder Graphit senken den Verschleiß in Lagern und Getrieben."),
    ("Leistung ist die", "Ein typischer Gaming-Computer benötigt unter Last rund 450 Watt, ein Notebook dagegen 60."),
    ("Der Wirkungsgrad ist", "Sadi Carnot zeigte 1824, dass dieser durch die Temperaturen beider Reservoire begrenzt wird."),
    ("Ein Elektromotor erreicht", "Tesla und BMW verbauen Synchronmaschinen mit Seltenerdmagneten aus Neodym."),
    ("Das Pferd war", "Arabische Vollblüter gelten als ausdauernd und werden seit Jahrhunderten gezüchtet."),
    ("Innere Energie ist", "Ludwig Boltzmann begründete die statistische Mechanik und die Entropieformel."),
    ("Wärme ist Energie", "Wärmepumpen sparen Heizkosten und werden vom Staat mit bis zu 70 Prozent gefördert."),
]  # fmt: skip
