-- BSEG, document lines. Fields, by SAP's data dictionary:
--   BUKRS company code · BELNR document · GJAHR fiscal year · BUZEI line · SHKZG S debit, H credit
--   DMBTR amount in local currency, without a sign · WRBTR amount in document currency, without a sign
--   HKONT general ledger account (of customers and vendors the reconciliation account) · KOSTL cost centre
--   KUNNR customer · LIFNR vendor · MATNR material
-- BKPF, document headers: BUDAT posting date · BLDAT document date · BLART document type · WAERS currency
--   BSTAT status: blank is a posted document; V parked, S noted item, D recurring, M sample …
SELECT
    s.BUKRS || '-' || s.GJAHR || '-' || s.BELNR AS entry,
    LTRIM(s.BUZEI, '0') AS line,
    day_sap(k.BUDAT) AS posted,
    day_sap(k.BLDAT) AS document_date,
    s.HKONT AS account,
    s.BUKRS AS unit,
    NULLIF(s.KOSTL, '') AS department,
    signed(number_eu(s.DMBTR), s.SHKZG) AS amount,
    k.WAERS AS currency,
    signed(number_eu(s.WRBTR), s.SHKZG) AS amount_currency,
    k.BLART AS kind,
    s.BELNR AS document,
    NULLIF(s.MATNR, '') AS product,
    COALESCE(NULLIF(s.KUNNR, ''), NULLIF(s.LIFNR, '')) AS party
FROM BSEG s
JOIN BKPF k ON k.BUKRS = s.BUKRS AND k.BELNR = s.BELNR AND k.GJAHR = s.GJAHR
WHERE COALESCE(TRIM(k.BSTAT), '') = ''
