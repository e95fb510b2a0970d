"""The table of phrases behind `drills.runbook.vocabulary`, in English, German and Spanish.

A table and nothing else, so that a phrase that is missing is one line to add.
"""

from __future__ import annotations

import re


def any_of(*patterns: str) -> re.Pattern[str]:
    """One pattern for several, each from the start of a word, in any case."""
    return re.compile(r"(?<![\w])(?:" + "|".join(patterns) + ")", re.I)


PHRASES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("verify_halted", any_of(r"keep\b.{0,40}\b(?:active|on|engaged|halted)",
        r"no new (?:orders?|positions?|trades?)\b(?!.*\bsubmit to\b).{0,40}",
        r"(?:check|verify|confirm|ensure|make sure)\b.{0,60}\b(?:halted|blocked|trading (?:is |has )?(?:stopped|"
        r"paused)|kill[- ]?switch (?:is |has )?(?:active|engaged|on)|safe[- ]?mode (?:is )?(?:active|on))",
        r"(?:prüfen|sicherstellen|bestätigen|kontrollieren|verificar|confirmar|comprobar|"
            r"asegurar\w*)\b.{0,60}\b(?:gestoppt|angehalten|gesperrt|keine neuen|detenid[oa]|parad[oa]|"
            r"bloquead[oa]|no se envían)",
            r"keine neuen (?:orders?|aufträge)\b.{0,40}\b(?:prüfen|sicherstellen|bestätigen|rausgehen)",
            r"kill[- ]?switch (?:aktiv|activo)\b")),
    ("verify_flat", any_of(
        r"(?:verify|confirm|check|ensure)\b.{0,40}\b(?:flat\b|positions?\b.{0,20}\b(?:closed|zero|flat|0))",
        r"(?:flat|glatt|glattgestellt|keine offenen positionen)\b.{0,30}\b(?:prüfen|bestätigen|verifizieren)",
        r"positionen\b.{0,30}\b(?:geschlossen|glattgestellt|null)\b",
        r"(?:verificar|confirmar|comprobar)\b.{0,40}\bposiciones\b.{0,20}\b(?:cerradas|a cero)")),
    ("verify_orders", any_of(
        r"(?:verify|confirm|ensure|check)\b.{0,40}\b(?:no (?:live|open|working|pending) orders?|(?:all "
        r")?(?:open |pending |working )?orders? (?:are |is |were )?(?:cancell?ed|gone|dead))",
        r"(?:keine|alle) (?:offenen )?(?:orders?|aufträge)\b.{0,30}\b(?:storniert|offen|mehr)\b",
        r"(?:verificar|confirmar|comprobar)\b.{0,40}\b(?:órdenes|ordenes)\b.{0,20}\b(?:cancelad|anulad|abiertas|"
        r"vivas)")),
    ("verify_trading", any_of(
        r"(?:verify|confirm|check|test|ensure)\b.{0,50}\b(?:trading (?:is |has )?(?:resumed|active|running|back|"
        r"works?)|new order(?:s)? (?:is |are )?accepted|orders? (?:are |is )?(?:flowing|accepted|going out)|"
        r"test order|first order)",
        r"(?:send|place|submit|submit a|place a)\b.{0,12}\b(?:test|canary|probe|small) order",
        r"testorder|probeorder|orden de prueba", r"(?:handel|orders?)\b.{0,30}\b(?:läuft wieder|wieder angenommen)",
        r"(?:verificar|confirmar|comprobar)\b.{0,40}\b(?:operativa reanudada|nuevas órdenes aceptadas|vuelve a "
        r"operar)")),
    ("verify_reconciled", any_of(
        r"(?:verify|confirm|check|ensure)\b.{0,40}\b(?:both|books?|they)\b.{0,20}\b(?:agree|match|equal|balance)",
            r"(?:verify|confirm|check|ensure)\b.{0,50}\b(?:reconcil\w+|position(?:s)? match|book(?:s)? "
                r"(?:equals?|match)|ledger|no (?:difference|discrepanc|mismatch))",
                r"(?:abgleich|bestand|positionen)\b.{0,40}\b(?:stimm\w+ überein|übereinstimm\w+|keine abweichung)",
                r"(?:verificar|confirmar|comprobar)\b.{0,40}\b(?:concilia\w+|coincid\w+|cuadr\w+)")),
    ("verify_disconnected", any_of(
        r"(?:verify|confirm|check|ensure|make sure)\b.{0,30}\bno (?:live |open |active )?(?:broker )?"
        r"(?:connections?|sessions?)\b",
        r"(?:verify|confirm|check|ensure)\b.{0,40}\b(?:connections?|sessions?)\b.{0,20}\b(?:disabled|closed|shut|"
        r"off|disconnected)\b", r"keine (?:aktiven? |offenen? )?(?:broker-?)?(?:verbindung|sitzung)\w*\b.{0,20}\b"
        r"(?:prüfen|sicherstellen|bestätigen|verifizieren)",
        r"(?:verificar|comprobar|confirmar)\b.{0,30}\b(?:no (?:hay|quedan)|sin) (?:conexiones|sesiones)\b",
        r"(?:verificar|comprobar|confirmar)\b.{0,40}\bconexiones\b.{0,20}\b(?:desactivadas|cerradas)\b")),
    ("verify_latency", any_of(
        r"(?:verify|confirm|check|ensure)\b.{0,40}\b(?:latenc\w+|response times?|answers?)\b.{0,30}\b(?:normal|back|"
        r"recovered|below|under|fast|in time)\b",
        r"(?:latenz|antwortzeit)\w*\b.{0,30}\b(?:wieder normal|normalisiert|unter)\b.{0,20}\b(?:prüfen|bestätigen)?",
        r"(?:verificar|comprobar|confirmar)\b.{0,40}\b(?:latencia|tiempos? de respuesta)\b.{0,30}\b(?:normal\w*|"
        r"recuperad\w+|por debajo)\b")),
    ("verify_fills", any_of(
        r"(?:verify|confirm|check|ensure)\b.{0,40}\b(?:slippage|fills?|executions?)\b.{0,30}\b(?:normal|back|"
        r"recovered|below|under|fair|as expected)\b",
        r"slippage\b.{0,30}\b(?:wieder normal|unter)\b.{0,20}\b(?:prüfen|bestätigen)",
        r"(?:verificar|comprobar|confirmar)\b.{0,40}\b(?:deslizamiento|slippage|ejecuciones)\b.{0,30}\b(?:normal\w*|"
        r"por debajo)\b")),
    ("verify_calibrated", any_of(
        r"(?:verify|confirm|check|ensure)\b.{0,40}\b(?:calibration|parameters?|model)\b.{0,30}\b(?:fresh|converge\w*|"
        r"succeed\w*|successful|up to date|recent)\b",
        r"(?:kalibrierung|parameter)\b.{0,30}\b(?:frisch|konvergiert|erfolgreich|aktuell)\b.{0,20}\b(?:prüfen|"
        r"bestätigen)?",
        r"(?:verificar|comprobar|confirmar)\b.{0,40}\b(?:calibración|parámetros)\b.{0,30}\b(?:recientes?|"
        r"actualizad\w+|converge\w*|correct\w+)\b")),
    ("verify_connected", any_of(
        r"(?:verify|confirm|check|ensure|test)\b.{0,50}\b(?:re-?connect\w*|connected|session (?:is )?(?:up|"
        r"established|alive)|connection (?:is )?(?:up|restored|stable)|heartbeats?)",
        r"verbindung\b.{0,30}\b(?:steht|stabil|aktiv|wieder da)\b",
        r"(?:verificar|confirmar|comprobar)\b.{0,40}\b(?:conexión|sesión|conectad[oa])")),
    ("verify_data", any_of(
        r"(?:verify|confirm|validate|ensure)\b.{0,50}\b(?:data|feed|bars?|quotes?|prices?|ticks?|candles?)\b",
        r"(?:daten|kurse|feed|marktdaten)\b.{0,30}\b(?:validieren|plausibilisieren|verifizieren|frisch|aktuell "
        r"und)\b", r"(?:verificar|validar|comprobar|confirmar)\b.{0,40}\b(?:datos|precios|cotizaciones|feed)")),
    ("safe_mode", any_of(
        r"(?:enable|enter|activate|switch (?:in)?to|turn on|put\b.{0,20}\bin(?:to)?|set)\b.{0,20}\b(?:safe|"
        r"reduce[- ]only|close[- ]only|exit[- ]only|read[- ]only)[- ]?mode",
        r"(?:safe[- ]?mode|reduce[- ]?only|sicherheitsmodus|sicheren modus)\b.{0,30}\b(?:aktivieren|einschalten|"
        r"setzen|umschalten)", r"(?:activar|entrar en|poner en)\b.{0,20}\bmodo (?:seguro|solo cierre)",
        r"block(?:s|ing)? new (?:risk|entries|positions)")),
    ("escalate", any_of(r"escalat(?:e|ing|ion to)\b", r"manual intervention", r"eskalier\w*", r"eskalation an\b",
        r"hinzuziehen", r"escalar\b(?!.{0,15}\b(?:recursos|horizontal|vertical|réplicas|instancias|servicios|"
        r"pods)\w*)", r"escal(?:a|ado|amiento|ación) (?:a|al)\b", r"elevar (?:a|al)\b",
        r"bring in\b", r"page (?:the )?(?:lead|manager|head|secondary|next|risk|cto|vp)",
        r"call (?:the )?(?:lead|manager|head|risk|cto|vp|duty)\b", r"intervención manual", r"manueller eingriff")),
    ("approve", any_of(
        r"(?:get|obtain|request|require[sd]?|seek|ask for|wait for|await|needs?|with|manual|written|formal|"
        r"explicit)?\s*(?:\w+ ){0,2}(?:approvals?(?! ?codes?\b)|sign[- ]?off|authori[sz]ation)\b", r"\bapprove\b",
        r"four[- ]eyes",
        r"vier-?augen", r"freigabe\b", r"genehmig\w*", r"zustimmung\b", r"aprobaci[oó]n\b", r"\baprobar\b",
        r"autorizaci[oó]n\b", r"\bautorizar\b", r"visto bueno", r"manually verify before")),
    ("monitor", any_of(r"(?:monitor|wait|watch) for\b.{0,80}?(?=\s+(?:and|then)\b|[,;.]|$)",
        r"(?:warten|warte) auf\b.*", r"auf\b.{0,40}\bwarten",
        r"esperar (?:a|por)\b.*")),
    ("acknowledge", any_of(r"ack(?:nowledge)?\b",
        r"(?:alarm|alert|page)\w*\b.{0,20}\b(?:quittier\w*|bestätig\w*|annehmen)", r"quittier\w*", r"acusar recibo",
        r"(?:reconocer|aceptar|confirmar)\b.{0,10}\balerta")),
    ("declare_severity", any_of(
        r"(?:declare|classify|determine|assign|set|assess|establish)\b.{0,25}\b(?:severity|sev\b|sev[- ]?\d|"
        r"priority|incident|p0|p1)",
        r"(?:start|open)\b.{0,20}\bincident(?: timer| clock| ticket| channel| bridge|$)",
        r"detect & triage|triage\b", r"schweregrad\b.{0,30}\b\w*(?:festleg|bestimm|einstuf|ermittel)\w*",
        r"(?:vorfall|incident|störung)\b.{0,20}\b(?:einstuf|klassifizier|eröffn|ausruf)\w*",
        r"(?:declarar|clasificar|determinar|asignar|abrir)\b.{0,25}\b(?:severidad|gravedad|incidente|incidencia|"
        r"prioridad)", r"confirm scope")),
    ("postmortem", any_of(r"post[- ]?mortem", r"(?:hold|conduct|schedule)\b.{0,15}\breview", r"retrospective",
        r"lessons learned", r"blameless", r"nachbesprechung",
        r"retrospektive", r"post-?incident review", r"retrospectiva", r"lecciones aprendidas", r"share learnings")),
    ("root_cause", any_of(r"root[- ]?cause", r"(?:identify|find|investigate|determine|establish)\b.{0,25}\bcause",
        r"rca\b", r"investigate\b(?!.{0,30}\b(?:broker|connection|network))",
        r"check\b.{0,15}\b(?:bugs?|obvious causes)\b", r"(?:grund)?ursachen?\w*\b.{0,30}", r"fehleranalyse",
        r"causa(?:s)?(?: raíz)?\b", r"investigar\b", r"leaking process", r"affected component")),
    ("improve", any_of(
        r"(?:update|revise|amend|review and update)\b.{0,25}\b(?:runbook|playbook|documentation|contact "
        r"information)", r"add(?:ing)?\b.{0,20}\b(?:monitor\w*|alert\w*|tests?|failure modes?|regression)",
        r"improv\w+", r"prevent(?:ive|ative)? (?:measures?|actions?)", r"prevent recurrence",
        r"set up\b.{0,20}\balerts?", r"fix\b.{0,20}\b(?:leak|bug|code)\b", r"analy[sz]e what monitoring",
        r"adjust pattern weights", r"runbook\b.{0,20}\b(?:aktualisier|anpass|ergänz)\w*", r"verbesser\w*",
        r"vorbeugende?",
        r"(?:actualizar|mejorar)\b.{0,25}\b(?:runbook|procedimiento|manual|documentación|monitor\w*|alertas)",
        r"mejorar", r"medidas preventivas", r"update alert thresholds", r"fix in next")),
    ("restore_monitoring", any_of(
        r"(?:restore|restart|bring back|repair|fix|recover|re-?enable)\b.{0,25}\b(?:monitoring|alerting|alerts|"
        r"prometheus|alertmanager|grafana|metrics)\b",
        r"(?:monitoring|überwachung|alarmierung)\b.{0,25}\b(?:wiederherstell|neu ?start|reaktivier)\w*",
        r"(?:restablecer|restaurar|reactivar|recuperar)\b.{0,25}\b(?:monitorización|monitoreo|alertas|métricas)")),
    ("call_broker", any_of(
        r"(?:contact|call|phone|ring|email|open (?:a )?ticket with|reach(?: out to)?)\b.{0,30}\b(?:broker|"
        r"exchange|venue|ibkr|alpaca|support|prime|trade desk|counterparty)",
        r"(?:broker|börse)\w*(?:-?support|-?hotline)?\b.{0,20}\b(?:anruf|kontaktier|telefon)\w*",
        r"(?:llamar|contactar|telefonear)\b.{0,25}\b(?:br[oó]ker|bolsa|soporte|mercado)")),
    ("cancel_orders", any_of(r"(?:cancel|pull|withdraw|kill|clear)\b.{0,30}\borders?\b",
        r"orders?\b.{0,15}\bcancell?(?:ation|ed)?\b",
        r"(?:orders?|aufträge|auftrags\w*)\b.{0,30}\b(?:stornier|lösch|annullier|streich|abbrech|zurückzieh)\w*",
        r"(?:stornier|lösch)\w*\b.{0,30}\b(?:orders?|aufträge)",
        r"(?:cancel|anul|retir)\w*\b.{0,30}\b(?:[oó]rdenes|posturas)")),
    ("close_orphans", any_of(
        r"(?:close|liquidate|unwind|exit|flatten)\b.{0,25}\b(?:orphan\w*|unexpected|erroneous|unknown|unexplained|"
        r"stray|rogue|unwanted)\b(?:.{0,20}\bpositions?\b)?",
        r"manual(?:ly)? close (?:via|in|at|with) (?:the )?(?:tws|broker|terminal|dashboard|ibkr|alpaca)",
        r"(?:verwaiste|unerwartete|unbekannte|fehlerhafte|fremde)\w* position(?:en)?\b.{0,30}\b(?:schließ|schliess|"
        r"glattstell|auflös|abbau)\w*",
        r"(?:cerrar|liquidar|deshacer)\b.{0,25}\bposici(?:ones|ón)\b.{0,15}\b(?:huérfanas?|inesperadas?|erróneas?|"
        r"desconocidas?)")),
    ("flatten", any_of(r"flatten\w*", r"(?!close\b.{0,25}\b(?:pagerduty|incident|ticket|issue|case|alert|page|bridge|"
        r"channel|call|popup|browser)\b)(?:close|liquidate|unwind|square|exit|manual(?:ly)? close|manual position "
        r"close)\b.{0,30}\b(?:positions?|exposure|orphans?|everything|book|via tws)?\b(?<!close "
        r"out)(?:.{0,12}\bpositions?\b)?(?!\s*incident)", r"position close",
        r"(?:position(?:en)?|bestände|exposure)\b.{0,30}\b(?:schließ|schliess|glattstell|auflös|liquidier|abbau)\w*",
        r"glattstell\w*", r"(?:cerrar|liquidar|deshacer|aplanar)\b.{0,25}\bposici(?:ones|ón)",
        r"cierre de posiciones")),
    ("reduce_size", any_of(
        r"(?:reduc\w+|smaller|lower|cut|halve|decrease)\b.{0,30}\b(?:sizes?|sizing|positions?|risk|exposure|"
        r"leverage)", r"adjust position siz\w+", r"conservative mode",
        r"(?:positions?größe\w*|risiko|größe\w*)\b.{0,30}\b(?:reduzier|verringer|senk|verkleiner|halbier)\w*",
        r"(?:reducir|disminuir|bajar)\b.{0,30}\b(?:tamaño|riesgo|exposición|posici)")),
    ("rollback_mode", any_of(
        r"(?:roll(?:ing)?[- ]?back|switch|return|revert|go back|move back|demote|downgrade)\b.{0,40}\b(?:to )?(?:lab|"
        r"simulation|dry[- ]?run|backtest)\b(?: mode)?",
        r"(?:auf|in(?: den)?|zurück (?:in|auf)) (?:den )?(?:lab|labor|simulations)\w*\b.{0,20}\b(?:zurück\w*|"
        r"umschalt\w*|wechsel\w*|stell\w*)",
        r"(?:volver|cambiar|pasar|revertir)\b.{0,25}\b(?:modo )?(?:lab|laboratorio|simulación)\b")),
    ("limit_orders", any_of(
        r"(?:switch\w*|chang\w+|mov\w+|restrict\w*)\b.{0,20}\bto (?:passive |only )?limit[- ]orders?\b(?: only)?",
        r"(?:use|trade|send|by)\b.{0,15}\blimit[- ]orders?(?: only)?\b", r"limit[- ]orders? only",
        r"(?:auf|nur(?: noch)?|über) limit-?orders?\b.{0,20}\b(?:umstell|wechsel|handel|verwend|nutz)\w*",
        r"(?:usar|cambiar a|pasar a|operar con)\b.{0,15}\bórdenes (?:limitadas|límite)\b")),
    ("relax_fit", any_of(
        r"(?:relax\w*|loosen\w*|widen\w*)\b.{0,25}\b(?:constraints?|bounds?|tolerances?)\b",
        r"(?:nebenbedingung|toleranz|schranke)\w*\b.{0,20}\b(?:locker|erweiter|aufweit)\w*",
        r"(?:relajar|ampliar)\b.{0,25}\b(?:restricciones|tolerancias?|cotas)\b")),
    ("recalibrate", any_of(
        r"(?:force|trigger|run|start|rerun|repeat|re-?run)\b.{0,25}\b(?:re-?)?calibration\b", r"re-?calibrat\w*",
        r"refit\w*\b.{0,25}", r"(?:neu kalibrier|rekalibrier|kalibrierung\b.{0,20}\b(?:erzwing|neu start|anstoß|"
        r"auslös|wiederhol))\w*",
        r"recalibrar\b", r"(?:forzar|lanzar|repetir|ejecutar)\b.{0,20}\b(?:re)?calibración")),
    ("rollback", any_of(r"roll(?:ing)?[- ]?back", r"revert\w*", r"checkout\b.{0,20}\b(?:stable|previous|last|tag)",
        r"zurückrollen", r"rollback", r"(?:letzte|vorherige|stabile)\w* version\b.{0,30}", r"revertir",
        r"volver a la versión", r"versión anterior")),
    ("quarantine_data", any_of(
        r"(?:quarantine|isolate|exclude|reject|discard|block|disable|stop using)\b.{0,30}\b(?:data|feed|"
        r"symbols?|bars?|ticks?|source|instruments?)", r"prevent promotion",
        r"(?:daten|feed|symbole?|kurse)\b.{0,30}\b(?:sperr|isolier|ausschließ|verwerf|quarantäne)\w*", r"quarantäne",
        r"(?:aislar|excluir|descartar|bloquear|poner en cuarentena)\b.{0,30}\b(?:datos|feed|símbolos?|precios)",
        r"cuarentena", r"violations? blocks?\b")),
    ("refetch_data", any_of(r"re-?(?:fetch|load|download|ingest|pull|build)\w*\b(?:.{0,25})", r"backfill\w*",
        r"(?:fix|repair|replay|fetch|refresh|recover)\b.{0,25}\b(?:data|bars?|feed|gaps?|history|prices)",
        r"(?:switch|fail ?over|change)\b.{0,25}\b(?:backup|secondary|alternat\w+|other)\b.{0,15}\b(?:feed|data|"
        r"source|provider|vendor)",
        r"(?:daten|kurse|historie|bars)\b.{0,30}\b(?:nachlad|neu lad|neu abruf|reparier|nachführ)\w*",
        r"(?:recargar|volver a descargar|reparar|rellenar|redescargar)\b.{0,25}\b(?:datos|precios|histórico|velas)",
        r"cambiar\b.{0,25}\b(?:feed|fuente|proveedor)")),
    ("restore_state", any_of(
        r"(?:restore|repair|recover|rebuild|replace)\b.{0,30}\b(?:state|backups?|snapshot|positions? file|order "
        r"file|file|ledger)",
        r"(?:zustand|status-?datei|datei|backup|sicherung|snapshot)\b.{0,30}\b(?:wiederherstell|zurückspiel|"
        r"reparier|einspiel)\w*",
        r"(?:restaurar|reparar|recuperar)\b.{0,30}\b(?:estado|copia|respaldo|archivo|fichero|backup)")),
    ("reconcile", any_of(r"(?<!weekly )reconcil(?:e|ing|iation)\b",
        r"(?:update|align|sync(?:hronise|hronize)?|correct)\b.{0,25}\b(?:system state|local state|positions?|"
        r"book|internal records)", r"abgleich\w*", r"abzugleichen",
        r"(?:positionen|bestände)\b.{0,30}\b(?:abgleich|synchronisier|korrigier)\w*", r"concili\w+", r"cuadrar\b",
        r"sincronizar\b.{0,25}\bposici")),
    ("renew_credentials", any_of(
        r"(?:renew|rotate|refresh|regenerate|re-?issue|replace|update)\b.{0,25}\b(?:credentials?|tokens?|"
        r"api[- ]?keys?|passwords?|secrets?|certificates?)", r"re-?authenticat\w+",
        r"(?:zugangsdaten|token|schlüssel|api-?key|passwort|zertifikat)\w*\b.{0,25}\b(?:erneuer|rotier|ersetz|"
        r"austausch)\w*", r"(?:renovar|rotar|regenerar)\b.{0,25}\b(?:credenciales|token|clave|certificado)")),
    ("reconnect", any_of(r"re-?connect\w*",
        r"(?:restart|bounce|reset|re-?establish|restore|cycle)\b.{0,30}\b(?:adapter|connector|connections?|"
        r"session|broker|gateway|tws|fix\b|websocket|exchange)",
        r"(?:fail ?over|switch)\b.{0,25}\b(?:backup|secondary)\b.{0,15}\b(?:broker|gateway|line|session|connection)",
        r"attempt reconnection",
        r"(?:verbindung|session|sitzung|adapter|gateway|broker-?anbindung|konnektor)\w*\b.{0,30}\b(?:neu ?start|"
        r"neu aufbau|wiederherstell|wieder aufbau|neu verbind|aufbau|durchstart)\w*",
        r"(?:neustart|neu starten)\b.{0,30}\b(?:adapter|gateway|verbindung|konnektor)\w*", r"wiederverbind\w*",
        r"neu verbinden", r"reconect\w+",
        r"(?:restablecer|reiniciar|recuperar)\b.{0,25}\b(?:conexión|sesión|adaptador|conector|pasarela|gateway)")),
    ("kill_query", any_of(r"(?:kill|terminate|end|cancel)\b.{0,25}\bquer(?:y|ies)\b",
        r"(?:kill|terminate|drop)\b.{0,15}\bidle (?:connections|sessions)\b",
        r"abfragen?\b.{0,20}\b(?:beend|abbrech|kill)\w*", r"(?:terminar|matar|cancelar)\b.{0,20}\bconsultas?")),
    ("raise_limits", any_of(
        r"(?:raise|increase|bump|with|higher|more)\b.{0,20}\b(?:memory(?: limits?)?|heap|limits?)\b",
        r"(?:speicher\w*|limits?)\b.{0,25}\b(?:erhöh|anheb|vergrößer)\w*",
        r"(?:aumentar|subir)\b.{0,25}\b(?:memoria|límites?)")),
    ("scale_up", any_of(r"scale\b(?!.{0,20}\b(?:to )?(?:zero|0|down)\b)(?:.{0,20}\b(?:up|out|horizontally))?",
        r"add\b.{0,15}\b(?:replicas?|nodes?|capacity|instances?)", r"node addition", r"skalier\w*",
        r"escalar\b.{0,15}\b(?:recursos|horizontal|vertical|réplicas|instancias|servicios|pods)\w*",
        r"aumentar\b.{0,10}\b(?:réplicas|recursos|instancias)", r"(?:añadir|agregar)\b.{0,15}\b(?:réplicas?|nodos?)")),
    ("reset_halt", any_of(r"(?:reset|release|clear|lift|re-?arm|disengage|deactivate|unset|remove)\b.{0,30}\b(?:halt|"
        r"kill[- ]?switch|switch|emergency stop|latch|safe[- ]?mode|lock|block)\b",
        r"^(?:manual )?reset(?: if\b.*)?$",
        r"(?:kill[- ]?switch|not-?aus|sperre|handelsstopp|halt)\w*\b.{0,30}\b(?:zurücksetz|aufheb|freigeb|lös|"
        r"deaktivier|entriegel|entsperr)\w*",
        r"(?:restablecer|rearmar|liberar|desactivar|resetear|reiniciar)\b.{0,25}\b(?:kill[- ]?switch|parada|"
        r"bloqueo|interruptor)", r"un-?halt", r"re-?enable\b.{0,20}\btrading")),
    ("resume", any_of(r"resum\w+",
        r"(?:restart|re-?start|continue|re-?open)\b.{0,10}\btrading\b(?! (?:system|engine|bot|service|process|"
        r"app\w*|host|server))",
        r"(?:re-?)?(?:enable|activate|start|turn on)\b.{0,20}\bstrateg\w+", r"return to normal",
        r"(?:handel|betrieb|strategien?)\b.{0,30}\b(?:wiederaufnehm|wieder aufnehm|wieder aufgenommen|fortsetz|"
        r"wieder freigeb|"
        r"wieder start|freigeb)\w*", r"reanudar\b", r"retomar\b", r"volver a operar")),
    ("halt", any_of(r"^\W*(?:halt|stop|pause|stoppen|anhalten|parar|detener)\W*$",
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
    ("stop_system", any_of(
        r"(?:stop|shut ?down|terminate|kill|scale down)\b.{0,30}\b(?:system|process(?:es)?|services?|"
        r"deployments?|containers?|pods?|servers?|application|app|daemon)\b", r"scale\b.{0,25}\b(?:zero|0)\b",
        r"(?:system|prozess|dienst|container|anwendung|deployment)\w*\b.{0,25}\b(?:stopp|beend|herunterfahr|"
        r"abschalt|anhalt)\w*",
        r"(?:detener|parar|apagar)\b.{0,25}\b(?:sistema|proceso|servicio|contenedor|aplicación)")),
    ("restart_service", any_of(
        r"(?:restart|bounce|reboot|recycle|delete)\b.{0,30}\b(?:services?|pods?|containers?|database|"
        r"postgres\w*|redis|cache|api|workers?|nodes?|specific)\b", r"restart to reset",
        r"(?:dienst|container|datenbank|pod|redis|postgres|cache)\w*\b.{0,25}\b(?:neu ?start|durchstart)\w*",
        r"(?:reiniciar)\b.{0,25}\b(?:servicio|contenedor|base de datos|pod|redis|caché)")),
    ("restart", any_of(r"re-?start(?:ing)?\b", r"reboot(?:ing)?\b", r"re-?launch\w*", r"neu ?start\w*",
        r"neu zu starten", r"durchstarten", r"reinici(?:ar|o|e)\b", r"rearran\w+")),
    ("start_system", any_of(
        r"(?:start|launch|bring (?:back )?up|boot)\b.{0,30}\b(?:system|process(?:es)?|services?|deployment|"
        r"container|bot|application|app|engine|trading)\b", r"scale back up",
        r"(?:system|prozess|dienst|bot|anwendung)\w*\b.{0,25}\b(?:start|hochfahr|anfahr|einschalt)\w*",
        r"(?:iniciar|arrancar|levantar|encender)\b.{0,25}\b(?:sistema|proceso|servicio|bot|aplicación)")),
    ("notify", any_of(r"notif(?:y|ying|ication|ications)\b", r"inform\b", r"announce\w*", r"communicate\b", r"tell\b",
        r"post\b.{0,20}\b(?:channel|slack|teams|update)",
        r"update\b.{0,15}\b(?:status page|channel|stakeholders?|customers?|clients?|incident channel)",
        r"send\b.{0,25}\b(?:message|update|mail|e-?mail|notice|template|alert)", r"regulatory reporting",
        r"start comms", r"(?:contact|call|phone)\b.{0,40}",
        r"page\b(?=.{0,20}\b(?:team|on-?call|desk|ops|operations|management))", r"benachrichtig\w*", r"informier\w*",
        r"verständig\w*", r"(?:kommunizier|mitteil|meld)\w+", r"statusseite\b.{0,20}aktualisier\w*", r"notificar\b",
        r"avisar\b", r"informar\b", r"comunicar\b", r"anrufen", r"llamar\b", r"contactar\b")),
    ("document", any_of(r"document(?:ing|ation)?\b",
        r"(?:create|open|write|file|log|record|fill)\b.{0,25}\b(?:issue|ticket|report|timeline|incident|log "
        r"?book|notes?|post)", r"(?:generate|export|collect)\b.{0,25}\breport", r"write (?:up|down)",
        r"include timeline", r"close (?:the )?incident", r"dokumentier\w*", r"protokollier\w*", r"festhalten",
        r"(?:bericht|ticket|protokoll)\b.{0,20}\b(?:erstell|schreib|anleg)\w*", r"documentar\b", r"registrar\b",
        r"redactar\b", r"(?:crear|abrir)\b.{0,20}\b(?:informe|ticket|incidencia)", r"action items assigned",
        r"assign (?:action|follow)")),
    ("decide", any_of(r"decision\b", r"decide\b", r"choose\b", r"entscheid\w*", r"decidir\b", r"decisi[oó]n\b",
        r"elegir\b")),
    ("monitor", any_of(r"monitor\b", r"wait\b", r"observe\b", r"watch\b", r"keep (?:an eye|watching)", r"beobacht\w*",
        r"überwachen?", r"abwarten|warten\b", r"monitore?ar\b", r"monitorizar\b", r"vigilar\b", r"esperar\b",
        r"supervisar\b")),
    ("configure", any_of(
        r"(?:adjust|update|set|change|tune|switch|configure|edit|modify|apply|implement|consider switching|"
        r"restore|enable|disable|relax)\b.{0,40}\b(?:config\w*|thresholds?|parameters?|limits?|flags?|settings?|"
        r"environment|fix|orders|risk|mode|rate|constraints|adjustment)", r"risk parameter adjustment", r"apply fix",
        r"(?:konfiguration|schwell\w*|parameter|grenzwert\w*|limits?)\b.{0,30}\b(?:anpass|änder|setz|erhöh|senk|"
        r"prüfen und)\w*",
        r"(?:ajustar|cambiar|modificar|configurar|actualizar)\b.{0,30}\b(?:configuración|umbral\w*|parámetros?|"
        r"límites?|opciones)")),
)  # fmt: skip
"""Actions by their phrases, the specific before the general: where two overlap, the earlier one counts."""
