"""Phrases beside those of `drills.runbook.phrases`: desks' own words, French and Portuguese.

The same kind of table; each entry is tried right after the one of the same action there.
"""

from __future__ import annotations

import re

from drills.runbook.phrases import PHRASES, any_of

_FLOW = (
    r"(?:quot(?:es?|ers?|ing)|(?:auto-?)?hedg(?:ers?|ing)|routers?|routing|experts?|market[- ]mak\w+|consumers?|"
    r"order entry|execution|trading|strateg\w+|algos?)"
)
_FR_FLOW = r"(?:ordres?|envoi|négociation|trading|stratégies?|algos?|robots?|cotations?|tout)"
_PT_FLOW = r"(?:robôs?|ordens|estratégias?|operações|negociação|envio|tudo)"
_AGAINST = (
    r"(?:clearers?|clearing(?: house| broker)?|custodians?|liquidity providers?|lps?\b|fcms?|vendors?|"
    r"counterpart(?:y|ies)|prime brokers?)"
)

MORE: dict[str, re.Pattern[str]] = {
    "verify_halted": any_of(
        r"(?:prüfen|kontrollieren|sicherstellen)\b.{0,60}\b(?:stopp|not-?aus|kill-?switch)\b.{0,20}\b(?:ausgelöst|aktiv)",
        r"(?:vérifier|s'assurer|contrôler)\b.{0,50}\b(?:aucun (?:nouvel )?ordre|arrêtée?s?|bloquée?s?)",
        r"(?:verificar|confirmar|garantir)\b.{0,50}\b(?:nenhuma (?:nova )?ordem|parad[oa]s?|bloquead[oa]s?)"),
    "verify_connected": any_of(
        r"(?:verify|confirm|check|ensure)\b.{0,40}\b(?:logged (?:on|in)|logons?)\b"),
    "verify_orders": any_of(
        r"(?:verify|confirm|check|ensure)\b.{0,30}\bno quotes?\b.{0,12}\b(?:live|left|out)\b"),
    "verify_health": any_of(
        r"(?:verify|confirm|check|ensure)\b.{0,40}\b(?:c[ao]mes? (?:back )?up|is (?:back )?up|starts? cleanly)\b"),
    "verify_trading": any_of(
        r"(?:confirmar|verificar|comprobar)\b.{0,25}\b(?:vuelve a operar|opera de nuevo|volta a operar)"),
    "quarantine_data": any_of(
        r"(?:exclude|reject|drop|discard|block|ignore)\b.{0,20}\b(?:quotes?|prices?|ticks?|points?|tenors?)\b"),
    "safe_mode": any_of(r"drain\b\W{0,3}(?:it|the (?:host|bot|strategy|engine|book|algo|box))\b",
        r"drain$"),
    "escalate": any_of(r"faire remonter", r"escalad\w+\b", r"remonter (?:à|au)\b",
        r"acionar (?:o |a )?(?:gestor|gerente)"),
    "approve": any_of(r"(?:validation|approbation|autorisation|feu vert|accord) (?:du|de la|des|par)\b",
        r"aprovação\b", r"autorização\b"),
    "acknowledge": any_of(r"(?:acquitter|prendre en compte)\b.{0,15}\b(?:alerte|alarme)",
        r"(?:reconhecer|aceitar)\b.{0,15}\balerta"),
    "declare_severity": any_of(r"classify\b",
        r"(?:alarm)?stufe\b.{0,20}\b(?:bestimm|festleg|ermittel|feststell)\w*",
        r"(?:déclarer|qualifier|classer)\b.{0,25}\b(?:incident|gravité)",
        r"(?:declarar|classificar)\b.{0,25}\b(?:incidente|gravidade)"),
    "root_cause": any_of(r"(?:identifier|rechercher|analyser|trouver)\b.{0,20}\bcause", r"ursache\b.{0,20}"),
    "call_broker": any_of(
        rf"(?:contact|call|phone|ring|ask|e-?mail|write to|reach(?: out to)?)\b.{{0,25}}\b{_AGAINST}",
        r"(?:call|contact|phone)\b.{0,20}\bclear\w+",
        r"(?:clearer|clearing|lagerstelle|anbieter|börsenaufsicht|handelsüberwachung)\w*\b.{0,30}\b(?:anruf|kontaktier)\w*",
        r"(?:appeler|contacter|joindre)\b.{0,30}\b(?:courtier|bourse|support|contrepartie|compensateur)",
        r"(?:ligar para|contatar|chamar)\b.{0,25}\b(?:corretora|bolsa|suporte|provedor)"),
    "cancel_orders": any_of(r"(?:pull|cancel|withdraw|remove)\b.{0,20}\bquotes\b",
        r"(?:cancel|pull)\b.{0,12}\b(?:everything|what is (?:resting|working|open)|resting|working)\b",
        r"annul\w+\b.{0,30}\bordres", r"cancelar\b.{0,30}\bordens"),
    "flatten": any_of(r"(?:fermer|solder|clôturer|déboucler|liquider)\b.{0,25}\bpositions",
        r"(?:zerar|fechar|encerrar|liquidar)\b.{0,25}\bposiç\w+"),
    "reduce_size": any_of(r"sell down\b", r"widen\b.{0,12}\bspreads?\b",
        r"(?:réduire|diminuer)\b.{0,25}\b(?:taille|risque|exposition|position)",
        r"(?:reduzir|diminuir)\b.{0,25}\b(?:tamanho|risco|exposição|posiç)"),
    "rollback": any_of(r"(?:revenir|retour) à la version", r"restaurer la version", r"voltar (?:à|para a) versão",
        r"restaurar la versión"),
    "refetch_data": any_of(
        r"(?:ersatz|zweit|reserve|backup)-?(?:quelle|feed|anbieter|datenquelle)\b.{0,20}\b(?:umschalt|wechsel)\w*",
        r"(?:switch|fail ?over)\b.{0,25}\b(?:b[- ]line|backup feed|secondary feed|other line)\b",
        r"(?:recharger|retélécharger|réparer)\b.{0,25}\b(?:données|cours|prix)",
        r"(?:recarregar|baixar de novo|reparar)\b.{0,25}\b(?:dados|preços|velas)"),
    "reconcile": any_of(r"\w+abgleich\b",
        r"rapprocher\b", r"rapprochement\b", r"réconcili\w+", r"conciliar\b", r"reconciliar\b"),
    "reconnect": any_of(r"reconnecter\b", r"rétablir\b.{0,20}\b(?:connexion|session)",
        r"restabelecer\b.{0,20}\b(?:conexão|sessão)"),
    "reset_halt": any_of(r"disable\b.{0,10}\bpanic\b", r"unfreeze\b(?!.{0,20}\b(?:deploy|release)\w*)",
    r"un-?lock\b.{0,15}\b(?:trading|book|desk)",
        r"(?:réarmer|réinitialiser|lever)\b.{0,25}\b(?:kill[- ]?switch|blocage|coupe-circuit|arrêt)",
        r"(?:rearmar|liberar|resetar)\b.{0,25}\b(?:kill[- ]?switch|bloqueio|trava)"),
    "resume": any_of(r"reactivar\b", r"volver a (?:arrancar|encender|activar)\b", r"re-?enable\b.{0,15}\baccounts?\b",
        rf"(?:re-?)?(?:enable|start|activate|turn on|switch on|open|resume)\b.{{0,25}}\b{_FLOW}\b"
        r"(?! (?:stack|system|engine|service|process|app\w*|host|server))",
        rf"{_FLOW}\b.{{0,20}}\b(?:start(?:en|et)\b|anfahr\w*|wiederaufnehm\w*|fortsetz\w*|einschalt\w*)",
        r"let\b.{0,30}\btrade again", r"^(?:wiederanlauf|wiederaufnahme(?: des handels)?)$",
        r"un-?block\b(?!.{0,15}\b(?:ip|account)\b)",
        r"(?:algos?|bots?|strategien?|händler)\b.{0,30}\b(?:start|anfahr)\w*", r"wieder (?:an|hoch)fahren",
        r"(?:handel|orders?|aufträge|strategien?)\b.{0,20}\b(?:entsperr|freischalt)\w*",
        r"(?:desbloquear|reactivar|arrancar|iniciar)\b.{0,25}\b(?:estrategias?|operativa|negociación|[oó]rdenes)",
        r"restablecer\b.{0,20}\b(?:operativa|tamaño normal)",
        r"(?:reprendre|relancer|réactiver)\b.{0,25}\b(?:négociation|trading|stratégies?|cotations?)",
        r"(?:retomar|reativar|religar)\b.{0,25}" + _PT_FLOW),
    "halt": any_of(r"(?:press|hit|push|click)\b.{0,20}\bhalt button", r"(?<!\S)/(?:panic|halt|kill)\b",
        r"system\b.{0,10}\bpausier\w*",
        rf"{_FLOW}\b.{{0,60}}\b(?:angehalten|gestoppt|pausiert|abgeschaltet)\b",
        r"(?:handel|strategien?)\b.{0,60}\b(?:angehalten|gestoppt|pausiert|eingestellt)\b",
        r"(?:oprimir|presionar|apretar|pulsar|accionar|activar)\b.{0,20}\b(?:paro|parada|botón de paro)\b",
        r"(?:apagar|desconectar)\b.{0,15}\binterruptor", r"(?:parar|detener|pausar|apagar)lo\b",
        r"(?:parar|detener|pausar|frenar|apagar)\b.{0,20}\b(?:cotizaci\w+|cotizador|motor|algo\w*|ejecución|automático)",
        rf"(?:stop|halt|pause|suspend|freeze|disable|block|cease|kill)\b.{{0,25}}\b{_FLOW}\b",
        rf"{_FLOW}\b.{{0,20}}\b(?:stopp|anhalt|aussetz|einstell|pausier|abschalt)\w*",
        r"neue (?:einstiege|positionen)\b.{0,20}\b(?:sperr|blockier|unterbind)\w*",
        r"(?:press|hit|push)\b.{0,20}\b(?:red|stop|panic|emergency) button", r"^freeze$", r"^(?:stop|halt)(?=\s*[,;.])",
        r"stop\b.{0,20}\b(?:new )?(?:repo |spot |option )?trades\b",
        r"(?:activar|pulsar|accionar|apretar)\b.{0,20}\b(?:botón de (?:parada|pánico|emergencia))",
        rf"(?:arrêter|stopper|suspendre|bloquer|couper|geler)\b.{{0,30}}\b{_FR_FLOW}",
        r"(?:activer|déclencher|actionner)\b.{0,20}\b(?:kill[- ]?switch|arrêt d['’]urgence|coupe-circuit)",
        rf"(?:parar|pausar|suspender|bloquear|interromper)\b.{{0,30}}\b{_PT_FLOW}",
        r"(?:acionar|ativar|disparar)\b.{0,20}\b(?:kill[- ]?switch|parada de emergência)"),
    "stop_system": any_of(r"(?:arrêter|stopper|couper)\b.{0,25}\b(?:système|processus|service|serveur)",
        r"(?:desligar|derrubar)\b.{0,25}\b(?:sistema|processo|serviço|servidor)"),
    "restart_service": any_of(r"redémarrer\b.{0,25}\b(?:service|conteneur|base|serveur)",
        r"reiniciar\b.{0,25}\b(?:serviço|contêiner|banco)"),
    "restart": any_of(r"redémarr\w+", r"relancer\b"),
    "start_system": any_of(r"(?:démarrer|lancer)\b.{0,25}\b(?:système|processus|service|application)"),
    "notify": any_of(r"gemeldet\b", r"meldung an\b",
        r"post\b.{0,12}#\w",
        r"open\b.{0,12}\b(?:bridge|war room|call)\b", r"(?:prévenir|informer|avertir|notifier|alerter)\b",
        r"mail\b.{0,25}@"),
    "document": any_of(r"anotar\b", r"dejar constancia", r"elaborar\b.{0,20}\b(?:informe|reporte)",
        r"(?:documenter|consigner|rédiger)\b", r"write the (?:time|incident|reason)\b"),
    "monitor": any_of(r"(?:attendre|surveiller|patienter)\b", r"(?:aguardar|acompanhar|monitorar)\b"),
    "configure": any_of(r"(?:un-?)?freeze\b.{0,15}\b(?:deploy\w*|releases?|syncs?)\b"),
}  # fmt: skip
"""More phrases by action."""


def _both() -> tuple[tuple[str, re.Pattern[str]], ...]:
    first = {action: at for at, (action, _) in reversed(list(enumerate(PHRASES)))}
    found = [(action, pattern) for action, pattern in MORE.items() if action not in first]
    for at, (action, pattern) in enumerate(PHRASES):
        found.append((action, pattern))
        if action in MORE and first[action] == at:
            found.append((action, MORE[action]))
    return tuple(found)


ALL_PHRASES = _both()
"""Both tables, in the order in which they are tried."""
