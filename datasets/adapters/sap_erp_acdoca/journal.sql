-- ACDOCA, the universal journal. Fields, by SAP's data dictionary:
--   RLDNR ledger · RBUKRS company code · GJAHR fiscal year · BELNR document · DOCLN line · POPER posting period
--   BUDAT posting date · BLDAT document date · BLART document type · RACCT account · RCNTR cost centre
--   HSL amount in company code currency, its sign included (so DRCRK, S or H, is not needed: a negative posting
--   is a debit with a minus) · WSL amount in transaction currency RWCUR
--   KUNNR customer · LIFNR vendor · MATNR material
SELECT
    RBUKRS || '-' || GJAHR || '-' || BELNR AS entry,
    LTRIM(DOCLN, '0') AS line,
    -- A carried-forward balance may have no date: it stands at the beginning of its year.
    CASE WHEN POPER = '000' THEN COALESCE(day_sap(BUDAT), GJAHR || '-01-01') ELSE day_sap(BUDAT) END AS posted,
    day_sap(BLDAT) AS document_date,
    RACCT AS account,
    RBUKRS AS unit,
    NULLIF(RCNTR, '') AS department,
    number_eu(HSL) AS amount,
    RWCUR AS currency,
    number_eu(WSL) AS amount_currency,
    CASE WHEN POPER = '000' THEN 'opening' ELSE BLART END AS kind,
    BELNR AS document,
    NULLIF(MATNR, '') AS product,
    COALESCE(NULLIF(KUNNR, ''), NULLIF(LIFNR, '')) AS party
FROM ACDOCA
WHERE RLDNR = '0L'
    AND (POPER <> '000' OR GJAHR = (SELECT MIN(a.GJAHR) FROM ACDOCA a WHERE a.RBUKRS = ACDOCA.RBUKRS))
