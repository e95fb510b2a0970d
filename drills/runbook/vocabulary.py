"""From words to actions: "Stop new orders immediately", "Alle Orders stornieren", "Cerrar posiciones".

A sentence is cut into its main clauses; in each, a verb class (stop, cancel, check, ...) and an object class
(orders, positions, broker, ...) are looked up, and the pair names an action of `drills.actions`. Order of
words does not matter, so German verbs may stand at the end. What neither table knows binds to nothing, and
the step says so.
"""

from __future__ import annotations

import functools
import re

from drills.actions import ACTIONS, Effect
from drills.runbook.text import plain


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile(r"(?<![\w])(?:" + "|".join(patterns) + ")", re.I)


_SUBORDINATE = re.compile(
    r"(?:(?<=\s)|(?<=,)|^)(?:before|until|unless|only after|after|without|once|so that|because|while|as "
    r"soon as|bevor|bis|nachdem|sobald|ohne dass|damit|weil|antes de|(?:erst|nur) (?:nach|mit)|(?:solo|"
    r"sólo) (?:tras|con|después)|"
    r"hasta|después de|sin|una vez|mientras|para que|porque)(?:\s|$).*",
    re.I | re.S,
)
_NEGATED = re.compile(
    r"\b(?:do not|don['’]t|never|avoid|must not|should not|no debe|nunca|no se debe|niemals|keinesfalls|nicht)\b.*",
    re.I | re.S,
)
_BRACKET = re.compile(r"\s*[(\[][^()\[\]]{0,300}[)\]]")
_SPLIT = re.compile(
    r"\s*(?:;|,|\.\s|\s[-–—]\s|\s*(?:→|->|=>)\s*|\s&\s|\s\+\s|\b(?:and then|and|then|und dann|und|"
    r"anschließend|danach|y luego|y|e|luego)\b)\s*",
    re.I,
)

PHRASES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("verify_halted", _any(r"keep\b.{0,40}\b(?:active|on|engaged|halted)",
        r"no new (?:orders?|positions?|trades?)\b(?!.*\bsubmit to\b).{0,40}",
        r"(?:check|verify|confirm|ensure|make sure)\b.{0,60}\b(?:halted|blocked|trading (?:is |has )?(?:stopped|"
        r"paused)|kill[- ]?switch (?:is |has )?(?:active|engaged|on)|safe[- ]?mode (?:is )?(?:active|on))",
        r"(?:prüfen|sicherstellen|bestätigen|kontrollieren|verificar|confirmar|comprobar|"
            r"asegurar\w*)\b.{0,60}\b(?:gestoppt|angehalten|gesperrt|keine neuen|detenid[oa]|parad[oa]|"
            r"bloquead[oa]|no se envían)",
            r"keine neuen (?:orders?|aufträge)\b.{0,40}\b(?:prüfen|sicherstellen|bestätigen|rausgehen)",
            r"kill[- ]?switch (?:aktiv|activo)\b")),
    ("verify_flat", _any(
        r"(?:verify|confirm|check|ensure)\b.{0,40}\b(?:flat\b|positions?\b.{0,20}\b(?:closed|zero|flat|0))",
        r"(?:flat|glatt|glattgestellt|keine offenen positionen)\b.{0,30}\b(?:prüfen|bestätigen|verifizieren)",
        r"positionen\b.{0,30}\b(?:geschlossen|glattgestellt|null)\b",
        r"(?:verificar|confirmar|comprobar)\b.{0,40}\bposiciones\b.{0,20}\b(?:cerradas|a cero)")),
    ("verify_orders", _any(
        r"(?:verify|confirm|ensure|check)\b.{0,40}\b(?:no (?:live|open|working|pending) orders?|(?:all "
        r")?(?:open |pending |working )?orders? (?:are |is |were )?(?:cancell?ed|gone|dead))",
        r"(?:keine|alle) (?:offenen )?(?:orders?|aufträge)\b.{0,30}\b(?:storniert|offen|mehr)\b",
        r"(?:verificar|confirmar|comprobar)\b.{0,40}\b(?:órdenes|ordenes)\b.{0,20}\b(?:cancelad|anulad|abiertas|"
        r"vivas)")),
    ("verify_trading", _any(
        r"(?:verify|confirm|check|test|ensure)\b.{0,50}\b(?:trading (?:is |has )?(?:resumed|active|running|back|"
        r"works?)|new order(?:s)? (?:is |are )?accepted|orders? (?:are |is )?(?:flowing|accepted|going out)|"
        r"test order|first order)",
        r"(?:send|place|submit|submit a|place a)\b.{0,12}\b(?:test|canary|probe|small) order",
        r"testorder|probeorder|orden de prueba", r"(?:handel|orders?)\b.{0,30}\b(?:läuft wieder|wieder angenommen)",
        r"(?:verificar|confirmar|comprobar)\b.{0,40}\b(?:operativa reanudada|nuevas órdenes aceptadas|vuelve a "
        r"operar)")),
    ("verify_reconciled", _any(
        r"(?:verify|confirm|check|ensure)\b.{0,40}\b(?:both|books?|they)\b.{0,20}\b(?:agree|match|equal|balance)",
            r"(?:verify|confirm|check|ensure)\b.{0,50}\b(?:reconcil\w+|position(?:s)? match|book(?:s)? "
                r"(?:equals?|match)|ledger|no (?:difference|discrepanc|mismatch))",
                r"(?:abgleich|bestand|positionen)\b.{0,40}\b(?:stimm\w+ überein|übereinstimm\w+|keine abweichung)",
                r"(?:verificar|confirmar|comprobar)\b.{0,40}\b(?:concilia\w+|coincid\w+|cuadr\w+)")),
    ("verify_connected", _any(
        r"(?:verify|confirm|check|ensure|test)\b.{0,50}\b(?:re-?connect\w*|connected|session (?:is )?(?:up|"
        r"established|alive)|connection (?:is )?(?:up|restored|stable)|heartbeats?)",
        r"verbindung\b.{0,30}\b(?:steht|stabil|aktiv|wieder da)\b",
        r"(?:verificar|confirmar|comprobar)\b.{0,40}\b(?:conexión|sesión|conectad[oa])")),
    ("verify_data", _any(
        r"(?:verify|confirm|validate|ensure)\b.{0,50}\b(?:data|feed|bars?|quotes?|prices?|ticks?|candles?)\b",
        r"(?:daten|kurse|feed|marktdaten)\b.{0,30}\b(?:validieren|plausibilisieren|verifizieren|frisch|aktuell "
        r"und)\b", r"(?:verificar|validar|comprobar|confirmar)\b.{0,40}\b(?:datos|precios|cotizaciones|feed)")),
    ("safe_mode", _any(
        r"(?:enable|enter|activate|switch (?:in)?to|turn on|put\b.{0,20}\bin(?:to)?|set)\b.{0,20}\b(?:safe|"
        r"reduce[- ]only|close[- ]only|exit[- ]only|read[- ]only)[- ]?mode",
        r"(?:safe[- ]?mode|reduce[- ]?only|sicherheitsmodus|sicheren modus)\b.{0,30}\b(?:aktivieren|einschalten|"
        r"setzen|umschalten)", r"(?:activar|entrar en|poner en)\b.{0,20}\bmodo (?:seguro|solo cierre)",
        r"block(?:s|ing)? new (?:risk|entries|positions)")),
    ("escalate", _any(r"escalat(?:e|ing|ion to)\b", r"manual intervention", r"eskalier\w*", r"eskalation an\b",
        r"hinzuziehen", r"escalar\b", r"escal(?:a|ado|amiento|ación) (?:a|al)\b", r"elevar (?:a|al)\b",
        r"bring in\b", r"page (?:the )?(?:lead|manager|head|secondary|next|risk|cto|vp)",
        r"call (?:the )?(?:lead|manager|head|risk|cto|vp|duty)\b", r"intervención manual", r"manueller eingriff")),
    ("approve", _any(
        r"(?:get|obtain|request|require[sd]?|seek|ask for|wait for|await|needs?|with|manual|written|formal|"
        r"explicit)?\s*(?:\w+ ){0,2}(?:approvals?|sign[- ]?off|authori[sz]ation)\b", r"\bapprove\b", r"four[- ]eyes",
        r"vier-?augen", r"freigabe\b", r"genehmig\w*", r"zustimmung\b", r"aprobaci[oó]n\b", r"\baprobar\b",
        r"autorizaci[oó]n\b", r"\bautorizar\b", r"visto bueno", r"manually verify before")),
    ("monitor", _any(r"(?:monitor|wait|watch) for\b.{0,80}?(?=\s+(?:and|then)\b|[,;.]|$)",
        r"(?:warten|warte) auf\b.*", r"auf\b.{0,40}\bwarten",
        r"esperar (?:a|por)\b.*")),
    ("acknowledge", _any(r"ack(?:nowledge)?\b",
        r"(?:alarm|alert|page)\w*\b.{0,20}\b(?:quittier\w*|bestätig\w*|annehmen)", r"quittier\w*", r"acusar recibo",
        r"(?:reconocer|aceptar|confirmar)\b.{0,10}\balerta")),
    ("declare_severity", _any(
        r"(?:declare|classify|determine|assign|set|assess|establish)\b.{0,25}\b(?:severity|sev\b|sev[- ]?\d|"
        r"priority|incident|p0|p1)",
        r"(?:start|open)\b.{0,20}\bincident(?: timer| clock| ticket| channel| bridge|$)",
        r"detect & triage|triage\b", r"schweregrad\b.{0,30}\b\w*(?:festleg|bestimm|einstuf|ermittel)\w*",
        r"(?:vorfall|incident|störung)\b.{0,20}\b(?:einstuf|klassifizier|eröffn|ausruf)\w*",
        r"(?:declarar|clasificar|determinar|asignar|abrir)\b.{0,25}\b(?:severidad|gravedad|incidente|incidencia|"
        r"prioridad)", r"confirm scope")),
    ("postmortem", _any(r"post[- ]?mortem", r"(?:hold|conduct|schedule)\b.{0,15}\breview", r"retrospective",
        r"lessons learned", r"blameless", r"nachbesprechung",
        r"retrospektive", r"post-?incident review", r"retrospectiva", r"lecciones aprendidas", r"share learnings")),
    ("root_cause", _any(r"root[- ]?cause", r"(?:identify|find|investigate|determine|establish)\b.{0,25}\bcause",
        r"rca\b", r"investigate\b(?!.{0,30}\b(?:broker|connection|network))",
        r"check\b.{0,15}\b(?:bugs?|obvious causes)\b", r"(?:grund)?ursachen?\w*\b.{0,30}", r"fehleranalyse",
        r"causa(?:s)?(?: raíz)?\b", r"investigar\b", r"leaking process", r"affected component")),
    ("improve", _any(
        r"(?:update|revise|amend|review and update)\b.{0,25}\b(?:runbook|playbook|documentation|contact "
        r"information)", r"add(?:ing)?\b.{0,20}\b(?:monitor\w*|alert\w*|tests?|failure modes?|regression)",
        r"improv\w+", r"prevent(?:ive|ative)? (?:measures?|actions?)", r"prevent recurrence",
        r"set up\b.{0,20}\balerts?", r"fix\b.{0,20}\b(?:leak|bug|code)\b", r"analy[sz]e what monitoring",
        r"adjust pattern weights", r"runbook\b.{0,20}\b(?:aktualisier|anpass|ergänz)\w*", r"verbesser\w*",
        r"vorbeugende?",
        r"(?:actualizar|mejorar)\b.{0,25}\b(?:runbook|procedimiento|manual|documentación|monitor\w*|alertas)",
        r"mejorar", r"medidas preventivas", r"update alert thresholds", r"fix in next")),
    ("restore_monitoring", _any(
        r"(?:restore|restart|bring back|repair|fix|recover|re-?enable)\b.{0,25}\b(?:monitoring|alerting|alerts|"
        r"prometheus|alertmanager|grafana|metrics)\b",
        r"(?:monitoring|überwachung|alarmierung)\b.{0,25}\b(?:wiederherstell|neu ?start|reaktivier)\w*",
        r"(?:restablecer|restaurar|reactivar|recuperar)\b.{0,25}\b(?:monitorización|monitoreo|alertas|métricas)")),
    ("call_broker", _any(
        r"(?:contact|call|phone|ring|email|open (?:a )?ticket with|reach(?: out to)?)\b.{0,30}\b(?:broker|"
        r"exchange|venue|ibkr|alpaca|support|prime|trade desk|counterparty)",
        r"(?:broker|börse)\w*(?:-?support|-?hotline)?\b.{0,20}\b(?:anruf|kontaktier|telefon)\w*",
        r"(?:llamar|contactar|telefonear)\b.{0,25}\b(?:br[oó]ker|bolsa|soporte|mercado)")),
    ("cancel_orders", _any(r"(?:cancel|pull|withdraw|kill|clear)\b.{0,30}\borders?\b",
        r"orders?\b.{0,15}\bcancell?(?:ation|ed)?\b",
        r"(?:orders?|aufträge|auftrags\w*)\b.{0,30}\b(?:stornier|lösch|annullier|streich|abbrech|zurückzieh)\w*",
        r"(?:stornier|lösch)\w*\b.{0,30}\b(?:orders?|aufträge)", r"(?:cancel|anul|retir)\w*\b.{0,30}\b[oó]rdenes")),
    ("flatten", _any(r"flatten\w*", r"(?:close|liquidate|unwind|square|exit|manual(?:ly)? close|manual position "
        r"close)\b.{0,30}\b(?:positions?|exposure|orphans?|everything|book|via tws)?\b(?<!close "
        r"out)(?:.{0,12}\bpositions?\b)?(?!\s*incident)", r"position close",
        r"(?:positionen|bestände|exposure)\b.{0,30}\b(?:schließ|schliess|glattstell|auflös|liquidier|abbau)\w*",
        r"glattstell\w*", r"(?:cerrar|liquidar|deshacer|aplanar)\b.{0,25}\bposici(?:ones|ón)",
        r"cierre de posiciones")),
    ("reduce_size", _any(
        r"(?:reduc\w+|smaller|lower|cut|halve|decrease)\b.{0,30}\b(?:sizes?|sizing|positions?|risk|exposure|"
        r"leverage)", r"adjust position siz\w+", r"conservative mode",
        r"(?:positions?größe\w*|risiko|größe\w*)\b.{0,30}\b(?:reduzier|verringer|senk|verkleiner|halbier)\w*",
        r"(?:reducir|disminuir|bajar)\b.{0,30}\b(?:tamaño|riesgo|exposición|posici)")),
    ("rollback", _any(r"roll(?:ing)?[- ]?back", r"revert\w*", r"checkout\b.{0,20}\b(?:stable|previous|last|tag)",
        r"zurückrollen", r"rollback", r"(?:letzte|vorherige|stabile)\w* version\b.{0,30}", r"revertir",
        r"volver a la versión", r"versión anterior")),
    ("quarantine_data", _any(
        r"(?:quarantine|isolate|exclude|reject|discard|block|disable|stop using)\b.{0,30}\b(?:data|feed|"
        r"symbols?|bars?|ticks?|source|instruments?)", r"prevent promotion",
        r"(?:daten|feed|symbole?|kurse)\b.{0,30}\b(?:sperr|isolier|ausschließ|verwerf|quarantäne)\w*", r"quarantäne",
        r"(?:aislar|excluir|descartar|bloquear|poner en cuarentena)\b.{0,30}\b(?:datos|feed|símbolos?|precios)",
        r"cuarentena", r"violations? blocks?\b")),
    ("refetch_data", _any(r"re-?(?:fetch|load|download|ingest|pull|build|calibrat)\w*\b(?:.{0,25})", r"backfill\w*",
        r"(?:fix|repair|replay|fetch|refresh|recover)\b.{0,25}\b(?:data|bars?|feed|gaps?|history|prices)",
        r"(?:switch|fail ?over|change)\b.{0,25}\b(?:backup|secondary|alternat\w+|other)\b.{0,15}\b(?:feed|data|"
        r"source|provider|vendor)", r"force recalibration",
        r"(?:daten|kurse|historie|bars)\b.{0,30}\b(?:nachlad|neu lad|neu abruf|reparier|nachführ)\w*",
        r"(?:recargar|volver a descargar|reparar|rellenar|redescargar)\b.{0,25}\b(?:datos|precios|histórico|velas)",
        r"cambiar\b.{0,25}\b(?:feed|fuente|proveedor)")),
    ("restore_state", _any(
        r"(?:restore|repair|recover|rebuild|replace)\b.{0,30}\b(?:state|backups?|snapshot|positions? file|order "
        r"file|file|ledger)",
        r"(?:zustand|status-?datei|datei|backup|sicherung|snapshot)\b.{0,30}\b(?:wiederherstell|zurückspiel|"
        r"reparier|einspiel)\w*",
        r"(?:restaurar|reparar|recuperar)\b.{0,30}\b(?:estado|copia|respaldo|archivo|fichero|backup)")),
    ("reconcile", _any(r"(?<!weekly )reconcil(?:e|ing|iation)\b",
        r"(?:update|align|sync(?:hronise|hronize)?|correct)\b.{0,25}\b(?:system state|local state|positions?|"
        r"book|internal records)", r"abgleich\w*", r"abzugleichen",
        r"(?:positionen|bestände)\b.{0,30}\b(?:abgleich|synchronisier|korrigier)\w*", r"concili\w+", r"cuadrar\b",
        r"sincronizar\b.{0,25}\bposici")),
    ("renew_credentials", _any(
        r"(?:renew|rotate|refresh|regenerate|re-?issue|replace|update)\b.{0,25}\b(?:credentials?|tokens?|"
        r"api[- ]?keys?|passwords?|secrets?|certificates?)", r"re-?authenticat\w+",
        r"(?:zugangsdaten|token|schlüssel|api-?key|passwort|zertifikat)\w*\b.{0,25}\b(?:erneuer|rotier|ersetz|"
        r"austausch)\w*", r"(?:renovar|rotar|regenerar)\b.{0,25}\b(?:credenciales|token|clave|certificado)")),
    ("reconnect", _any(r"re-?connect\w*",
        r"(?:restart|bounce|reset|re-?establish|restore|cycle)\b.{0,30}\b(?:adapter|connector|connections?|"
        r"session|broker|gateway|tws|fix\b|websocket|exchange)",
        r"(?:fail ?over|switch)\b.{0,25}\b(?:backup|secondary)\b.{0,15}\b(?:broker|gateway|line|session|connection)",
        r"attempt reconnection",
        r"(?:verbindung|session|sitzung|adapter|gateway|broker-?anbindung|konnektor)\w*\b.{0,30}\b(?:neu ?start|"
        r"neu aufbau|wiederherstell|wieder aufbau|neu verbind|aufbau|durchstart)\w*",
        r"(?:neustart|neu starten)\b.{0,30}\b(?:adapter|gateway|verbindung|konnektor)\w*", r"wiederverbind\w*",
        r"neu verbinden", r"reconect\w+",
        r"(?:restablecer|reiniciar|recuperar)\b.{0,25}\b(?:conexión|sesión|adaptador|conector|pasarela|gateway)")),
    ("kill_query", _any(r"(?:kill|terminate|end|cancel)\b.{0,25}\bquer(?:y|ies)\b",
        r"abfragen?\b.{0,20}\b(?:beend|abbrech|kill)\w*", r"(?:terminar|matar|cancelar)\b.{0,20}\bconsultas?")),
    ("raise_limits", _any(
        r"(?:raise|increase|bump|with|higher|more)\b.{0,20}\b(?:memory(?: limits?)?|heap|limits?)\b",
        r"(?:speicher\w*|limits?)\b.{0,25}\b(?:erhöh|anheb|vergrößer)\w*",
        r"(?:aumentar|subir)\b.{0,25}\b(?:memoria|límites?)")),
    ("scale_up", _any(r"scale\b(?!.{0,20}\b(?:to )?(?:zero|0|down)\b)(?:.{0,20}\b(?:up|out|horizontally))?",
        r"add\b.{0,15}\b(?:replicas?|nodes?|capacity|instances?)", r"node addition", r"skalier\w*",
        r"escalar horizontal\w*", r"(?:añadir|agregar)\b.{0,15}\b(?:réplicas?|nodos?)")),
    ("reset_halt", _any(r"(?:reset|release|clear|lift|re-?arm|disengage|deactivate|unset|remove)\b.{0,30}\b(?:halt|"
        r"kill[- ]?switch|switch|emergency stop|latch|safe[- ]?mode|lock|block)\b",
        r"^(?:manual )?reset(?: if\b.*)?$",
        r"(?:kill[- ]?switch|not-?aus|sperre|handelsstopp|halt)\w*\b.{0,30}\b(?:zurücksetz|aufheb|freigeb|lös|"
        r"deaktivier|entriegel|entsperr)\w*",
        r"(?:restablecer|rearmar|liberar|desactivar|resetear|reiniciar)\b.{0,25}\b(?:kill[- ]?switch|parada|"
        r"bloqueo|interruptor)", r"un-?halt", r"re-?enable\b.{0,20}\btrading")),
    ("resume", _any(r"resum\w+",
        r"(?:restart|re-?start|continue|re-?open)\b.{0,10}\btrading\b(?! (?:system|engine|bot|service|process|"
        r"app\w*|host|server))",
        r"(?:re-?)?(?:enable|activate|start|turn on)\b.{0,20}\bstrateg\w+", r"return to normal",
        r"(?:handel|betrieb|strategien?)\b.{0,30}\b(?:wiederaufnehm|wieder aufnehm|fortsetz|wieder freigeb|"
        r"wieder start|freigeb)\w*", r"reanudar\b", r"retomar\b", r"volver a operar")),
    ("halt", _any(r"^\W*(?:halt|stop|pause)\W*$",
        r"(?:stop|halt|pause|suspend|freeze|disable|block|cease|kill)\b.{0,30}\b(?:trading|orders?|order "
        r"(?:submission|entry|flow)|strateg\w+|bots?|algos?|new entries|everything|all\b|the bleeding)",
        r"emergency (?:stop|halt|shutdown)", r"stop and assess",
        r"(?:activate|trigger|engage|hit|press|pull|fire|throw|use|turn on)\b.{0,20}\bkill[- ]?switch",
        r"kill[- ]?switch (?:specific )?strategy", r"trading halt\b",
        r"(?:handel|orders?|aufträge|strategien?|algos?|auftragsannahme|ordereingang)\b.{0,30}\b(?:stopp|anhalt|"
        r"aussetz|einstell|sperr|blockier|pausier|unterbind|deaktivier)\w*",
        r"(?:stopp|halt)\w*\b.{0,25}\b(?:handel|orders?|aufträge|strategien?)\b",
        r"(?:not-?aus|kill[- ]?switch|handelsstopp)\b.{0,25}\b(?:auslös|aktivier|betätig|zieh|drück|setz)\w*",
        r"(?:detener|parar|suspender|pausar|frenar|bloquear|desactivar)\b.{0,30}\b(?:operativa|trading|"
        r"negociación|estrategias?|[oó]rdenes|bots?|envío|todo)",
        r"(?:activar|pulsar|accionar)\b.{0,20}\b(?:kill[- ]?switch|parada de emergencia|interruptor)",
        r"parada de emergencia")),
    ("stop_system", _any(
        r"(?:stop|shut ?down|terminate|kill|scale down)\b.{0,30}\b(?:system|process(?:es)?|services?|"
        r"deployments?|containers?|pods?|servers?|application|app|daemon)\b", r"scale\b.{0,25}\b(?:zero|0)\b",
        r"(?:system|prozess|dienst|container|anwendung|deployment)\w*\b.{0,25}\b(?:stopp|beend|herunterfahr|"
        r"abschalt|anhalt)\w*",
        r"(?:detener|parar|apagar)\b.{0,25}\b(?:sistema|proceso|servicio|contenedor|aplicación)")),
    ("restart_service", _any(
        r"(?:restart|bounce|reboot|recycle|delete)\b.{0,30}\b(?:services?|pods?|containers?|database|"
        r"postgres\w*|redis|cache|api|workers?|nodes?|specific)\b", r"restart to reset",
        r"(?:dienst|container|datenbank|pod|redis|postgres|cache)\w*\b.{0,25}\b(?:neu ?start|durchstart)\w*",
        r"(?:reiniciar)\b.{0,25}\b(?:servicio|contenedor|base de datos|pod|redis|caché)")),
    ("restart", _any(r"re-?start(?:ing)?\b", r"reboot(?:ing)?\b", r"re-?launch\w*", r"neu ?start\w*",
        r"neu zu starten", r"durchstarten", r"reinici(?:ar|o|e)\b", r"rearran\w+")),
    ("start_system", _any(
        r"(?:start|launch|bring (?:back )?up|boot)\b.{0,30}\b(?:system|process(?:es)?|services?|deployment|"
        r"container|bot|application|app|engine|trading)\b", r"scale back up",
        r"(?:system|prozess|dienst|bot|anwendung)\w*\b.{0,25}\b(?:start|hochfahr|anfahr|einschalt)\w*",
        r"(?:iniciar|arrancar|levantar|encender)\b.{0,25}\b(?:sistema|proceso|servicio|bot|aplicación)")),
    ("notify", _any(r"notif(?:y|ying|ication|ications)\b", r"inform\b", r"announce\w*", r"communicate\b", r"tell\b",
        r"post\b.{0,20}\b(?:channel|slack|teams|update)",
        r"update\b.{0,15}\b(?:status page|channel|stakeholders?|customers?|clients?|incident channel)",
        r"send\b.{0,25}\b(?:message|update|mail|e-?mail|notice|template|alert)", r"regulatory reporting",
        r"start comms", r"(?:contact|call|phone)\b.{0,40}",
        r"page\b(?=.{0,20}\b(?:team|on-?call|desk|ops|operations|management))", r"benachrichtig\w*", r"informier\w*",
        r"verständig\w*", r"(?:kommunizier|mitteil|meld)\w+", r"statusseite\b.{0,20}aktualisier\w*", r"notificar\b",
        r"avisar\b", r"informar\b", r"comunicar\b", r"anrufen", r"llamar\b", r"contactar\b")),
    ("document", _any(r"document(?:ing|ation)?\b",
        r"(?:create|open|write|file|log|record|fill)\b.{0,25}\b(?:issue|ticket|report|timeline|incident|log "
        r"?book|notes?|post)", r"(?:generate|export|collect)\b.{0,25}\breport", r"write (?:up|down)",
        r"include timeline", r"close (?:the )?incident", r"dokumentier\w*", r"protokollier\w*", r"festhalten",
        r"(?:bericht|ticket|protokoll)\b.{0,20}\b(?:erstell|schreib|anleg)\w*", r"documentar\b", r"registrar\b",
        r"redactar\b", r"(?:crear|abrir)\b.{0,20}\b(?:informe|ticket|incidencia)", r"action items assigned",
        r"assign (?:action|follow)")),
    ("decide", _any(r"decision\b", r"decide\b", r"choose\b", r"entscheid\w*", r"decidir\b", r"decisi[oó]n\b",
        r"elegir\b")),
    ("monitor", _any(r"monitor\b", r"wait\b", r"observe\b", r"watch\b", r"keep (?:an eye|watching)", r"beobacht\w*",
        r"überwachen?", r"abwarten|warten\b", r"monitore?ar\b", r"monitorizar\b", r"vigilar\b", r"esperar\b",
        r"supervisar\b")),
    ("configure", _any(
        r"(?:adjust|update|set|change|tune|switch|configure|edit|modify|apply|implement|consider switching|"
        r"restore|enable|disable|relax)\b.{0,40}\b(?:config\w*|thresholds?|parameters?|limits?|flags?|settings?|"
        r"environment|fix|orders|risk|mode|rate|constraints|adjustment)", r"risk parameter adjustment", r"apply fix",
        r"(?:konfiguration|schwell\w*|parameter|grenzwert\w*|limits?)\b.{0,30}\b(?:anpass|änder|setz|erhöh|senk|"
        r"prüfen und)\w*",
        r"(?:ajustar|cambiar|modificar|configurar|actualizar)\b.{0,30}\b(?:configuración|umbral\w*|parámetros?|"
        r"límites?|opciones)")),
)  # fmt: skip
"""Actions by their phrases, the specific before the general: where two overlap, the earlier one counts."""

_LOOK = _any(
    r"check\w*", r"review\w*", r"inspect\w*", r"query\w*", r"collect\w*", r"gather\w*", r"get\b", r"list\b",
        r"look\w*", r"examin\w*", r"analy[sz]\w*", r"compar\w*", r"view\b", r"read\b",
    r"visit\b", r"log ?(?:in|into|on)\b", r"assess\w*", r"determine\b", r"export\w*", r"identify\b", r"see\b",
        r"find\b", r"show\b", r"capture\b", r"test\b", r"verif\w*", r"confirm\w*", r"validat\w*",
    r"ensure\b", r"measure\b", r"aggregate\b", r"count\b", r"diagnos\w*", r"search\w*", r"overview\b",
        r"open\b(?= (?:the|grafana|dashboard|tws))", r"note\b", r"is\b", r"are\b", r"data collection",
        r"market analysis", r"investigate\b", r"status\b", r"health\b", r"state\b",
    r"\w*prüf\w*", r"kontroll\w*", r"anseh\w*", r"anzeig\w*", r"einseh\w*", r"sichten", r"auslesen", r"abfrag\w*",
        r"abruf\w*", r"sammel\w*", r"vergleich\w*", r"untersuch\w*", r"feststell\w*",
    r"ermittel\w*", r"lesen", r"aufruf\w*", r"sicher(?:n|stellen)", r"verifizier\w*", r"bestätig\w*", r"auswert\w*",
        r"öffnen", r"identifizier\w*",
    r"revis\w+", r"consult\w+", r"ver\b", r"mirar", r"inspeccion\w+", r"analiz\w+", r"compar\w+", r"recop\w+",
        r"recoger", r"obten\w+", r"listar", r"identific\w+", r"examin\w+", r"leer", r"verific\w+",
    r"comprob\w+", r"confirm\w+", r"asegur\w+", r"valid\w+", r"abrir\b",
)  # fmt: skip

_JOINT = re.compile(r"^\W*(?:and then|and|then|und dann|und|anschließend|danach|y luego|y|e|luego)\b", re.I)
_LEADING_LOOK = re.compile(
    r"(?:check|verify|confirm|review|inspect|examine|ensure|validate|compare|analy[sz]e|list|get|look|query|"
    r"view|assess|identify|see|test|watch|"
    r"prüfen?|überprüfen?|kontrollieren?|vergleichen?|verificar|comprobar|confirmar|revisar|consultar|"
    r"analizar|validar|comparar|identificar)\b",
    re.I,
)
_TRAILING_LOOK = re.compile(
    r"(?:prüfen|überprüfen|kontrollieren|ansehen|sichten|vergleichen|abfragen|verifizieren|bestätigen|sicherstellen)$",
    re.I,
)

_LOOK_AT: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("look_logs", _any(r"\w*logs?\b(?! ?in)", r"\w*audit\w*", r"trigger(?:ed)?\b", r"kill[- ]?switch type",
        r"reason\b", r"last action", r"events?\b(?<!market events)", r"errors?\b", r"\w*protokoll\w*", r"auslöser",
        r"grund\b", r"logdatei\w*", r"fehlermeldung\w*", r"registros?\b", r"motivo\b", r"bitácora", r"traces?\b")),
    ("look_database", _any(r"database\w*", r"postgres\w*", r"timescale\w*", r"redis\w*", r"cache\b",
        r"quer(?:y|ies)\b(?= (?:latency|time|plan|count))", r"slow quer\w*", r"connection pool\w*", r"pool status",
        r"datenbank\w*", r"base de datos", r"caché")),
    ("look_positions", _any(r"positions?\b(?! siz)", r"portfolio\w*", r"holdings?\b", r"exposure\b",
        r"expected_positions\w*", r"internal records", r"system state", r"position\w*\b(?!sgröße)", r"bestände?\b",
        r"depot\w*", r"posici(?:ones|ón)\b", r"cartera\b")),
    ("look_orders", _any(r"orders?\b", r"trades?\b", r"fills?\b", r"executions?\b", r"slippage\w*", r"idempoten\w*",
        r"duplicate\w*", r"baseline\b", r"reject\w*", r"aufträge\b", r"ausführung\w*", r"[oó]rdenes\b",
        r"operaciones\b", r"ejecuciones\b", r"deslizamiento")),
    ("look_account", _any(r"equity\b", r"p&l\b", r"pnl\b", r"p/l\b", r"loss(?:es)?\b", r"drawdown\w*", r"margin\b",
        r"account\b", r"balance\b", r"buying power", r"verlust\w*", r"konto\w*", r"guv\b", r"saldo\b",
        r"pérdidas?\b", r"cuenta\b", r"capital\b")),
    ("look_deploys", _any(r"deploy\w*", r"rollouts?\b", r"releases?\b", r"recent changes?\b", r"changes?\b",
        r"commits?\b", r"config\w*", r"versions?\b", r"feature flags?", r"änderung\w*", r"konfiguration\w*",
        r"despliegues?\b", r"cambios\b", r"configuración")),
    ("look_data", _any(r"(?:market |reference |price )?data\b(?!base)", r"feeds?\b", r"quotes?\b", r"bars?\b",
        r"ticks?\b", r"candles?\b", r"prices?\b", r"sla\b", r"violation\b", r"eodhd\w*", r"polygon\w*", r"gaps?\b",
        r"staleness", r"freshness", r"calibration\w*", r"surfaces?\b", r"daten\w*", r"\w+daten\b", r"kurse?\b",
        r"datos\b", r"precios?\b", r"cotizaciones", r"velas\b")),
    ("look_broker", _any(r"broker\w*", r"exchange\w*", r"venues?\b", r"ibkr\b", r"tws\b", r"alpaca\w*",
        r"binance\w*", r"kraken\w*", r"credentials?\b", r"api keys?", r"authenticat\w*", r"session\b", r"gateway\w*",
        r"fix session", r"live connections?", r"börsen?\w*", r"zugangsdaten", r"br[oó]ker\b", r"bolsa\b",
        r"mercado\b(?= (?:abierto|caído))", r"credenciales\b", r"status page", r"statusseite")),
    ("look_network", _any(r"network\w*", r"connectivity\b", r"connections?\b", r"dns\b", r"vpn\b", r"firewall\b",
        r"ping\b", r"latency to", r"packet\w*", r"route\b", r"netz\w*", r"verbindung\w*", r"konnektivität", r"red\b",
        r"conectividad", r"conexión")),
    ("look_resources", _any(r"memory\b", r"cpu\b", r"disk\b", r"resources?\b", r"nodes?\b", r"pods?\b",
        r"containers?\b", r"utili[sz]ation", r"heap\b", r"process(?:es)?\b(?= (?:memory|using|list))",
        r"(?:arbeits)?speicher\w*", r"festplatte\w*", r"ressourcen", r"auslastung", r"memoria\b", r"disco\b",
        r"recursos\b")),
    ("look_market", _any(r"market\w*(?! data)", r"volatil\w*", r"news\b", r"liquidity\b", r"regime\b", r"markt\w*",
        r"volatilität", r"nachrichten", r"mercado\w*", r"noticias", r"volatilidad", r"external factors")),
    ("look_metrics", _any(r"metrics?\b", r"dashboards?\b", r"grafana\w*", r"prometheus\w*", r"latency\b",
        r"graphs?\b", r"bottleneck", r"metriken", r"latenz\w*", r"métricas?", r"paneles?\b", r"latencia\w*",
        r"stats?\b", r"statistics")),
    ("look_status", _any(r"status\b", r"system\w*", r"services?\b", r"process(?:es)?\b", r"health\w*", r"api\b",
        r"situation\b", r"components?\b", r"ingress\b", r"kill[- ]?switch\w*", r"halt\w*", r"state\b", r"bot\b",
        r"strateg\w*", r"scope\b", r"dependencies", r"reconnection", r"dienste?\b", r"prozess\w*", r"zustand\w*",
        r"sistema\b", r"servicios?\b", r"proceso\w*", r"estado\b", r"lage\b", r"situación")),
)  # fmt: skip

_CONFIRM = _any(
    r"verif\w*",
    r"confirm\w*",
    r"ensure\b",
    r"make sure",
    r"validat\w*",
    r"verifizier\w*",
    r"sicherstell\w*",
    r"bestätig\w*",
    r"asegur\w*",
    r"comprob\w*",
)
_CONFIRMED: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("verify_reconciled", _any(r"reconcil\w+", r"p&l\b")),
    (
        "verify_health",
        _any(
            r"rollback\b",
            r"fix\b",
            r"works?\b",
            r"health\w*",
            r"components?\b",
            r"services?\b",
            r"system\b",
            r"all components",
            r"up\b",
            r"running\b",
            r"deployment\b",
            r"funktionier\w*",
            r"dienste?\b",
            r"läuft\b",
            r"servicios?\b",
            r"funciona\w*",
            r"fallback\b",
        ),
    ),
)


@functools.lru_cache(maxsize=8192)
def actions_in(text: str) -> tuple[str, ...]:
    """The actions that a sentence asks for, in its order; empty when it asks for none that is known."""
    sentence = _BRACKET.sub(" ", plain(text)[:400])
    sentence = _NEGATED.sub("", _SUBORDINATE.sub("", sentence)).strip(" .:!")
    if not sentence:
        return ()
    found: list[str] = []
    phrases = _by_phrase(sentence)
    for start, clause in _clauses(sentence):
        stop = start + len(clause)
        named = [
            action for at, action in phrases if start <= at < stop and not (_about_looking(clause) and _changes(action))
        ]
        found += named or (() if found and not _LOOK.search(clause) else _looks(clause, sentence))
    return tuple(dict.fromkeys(found))


def _clauses(sentence: str) -> list[tuple[int, str]]:
    """The main clauses with their positions."""
    clauses: list[tuple[int, str]] = []
    position = 0
    for joint in _SPLIT.finditer(sentence):
        clauses.append((position, sentence[position : joint.start()]))
        position = joint.start()
    return [*clauses, (position, sentence[position:])]


def _by_phrase(sentence: str) -> list[tuple[int, str]]:
    """(position, action) by phrase; a stretch of words that one phrase has taken counts for no later one."""
    taken: list[tuple[int, int, str]] = []
    for action, pattern in PHRASES:
        for match in pattern.finditer(sentence):
            start, stop = match.span()
            if match.group(0).strip() and all(stop <= begin or start >= end for begin, end, _ in taken):
                taken.append((start, stop, action))
                break
    return [(start, action) for start, _, action in sorted(taken)]


def _changes(action: str) -> bool:
    return ACTIONS[action].effect is Effect.MUTATE


def _about_looking(clause: str) -> bool:
    """Whether a clause begins (German: ends) with a verb of looking: "Verify the rollback" rolls nothing back."""
    words = _JOINT.sub("", clause).strip()
    return bool(_LEADING_LOOK.match(words)) or bool(_TRAILING_LOOK.search(words))


def _looks(clause: str, sentence: str) -> tuple[str, ...]:
    """What a clause looks at, when it or the sentence around it is about looking."""
    if not _LOOK.search(sentence):
        return ()
    if _CONFIRM.fullmatch(clause.strip()):
        return ("verify_health",)
    if _CONFIRM.search(clause):
        for action, pattern in _CONFIRMED:
            if pattern.search(clause):
                return (action,)
    looked = look_at(clause)
    return () if looked is None else (looked,)


def look_at(words: str) -> str | None:
    """What bare words would have somebody look at: "Disk space", "EODHD API status"."""
    return next((action for action, pattern in _LOOK_AT if pattern.search(words)), None)


def is_look(words: str) -> bool:
    """Whether the words are about looking at something."""
    return _LOOK.search(words) is not None
