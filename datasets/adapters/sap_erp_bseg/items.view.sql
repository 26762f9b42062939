-- Customer and vendor lines of documents, and why one is no invoice and no bill: "unposted", "apart".
-- Fields, by SAP's data dictionary:
-- BSEG: KOART account type, D customer, K vendor · KUNNR customer · LIFNR vendor · UMSKZ special G/L indicator (down
--   payments, bills of exchange …) · XZAHL posting key of a payment · REBZG the invoice a credit memo belongs to
--   ZFBDT baseline date · ZBD1T, ZBD2T days of cash discount · ZBD3T days net · AUGDT clearing date
-- BKPF: BLDAT document date · STBLG the document that reverses this one, or that this one reverses
-- Due: baseline date (else document date) plus the last of the three periods that is given. A credit memo without an
-- invoice is due at once.
WITH judged AS (
    SELECT s.*, k.WAERS, k.BLDAT, k.BUDAT,
        CASE WHEN k.BELNR IS NULL THEN 'no header in BKPF'
            WHEN COALESCE(TRIM(k.BSTAT), '') <> '' THEN 'not posted: status ' || k.BSTAT END AS unposted,
        CASE WHEN COALESCE(k.STBLG, '') <> '' THEN 'reversed, or its reversal'
            WHEN COALESCE(TRIM(s.UMSKZ), '') <> '' THEN 'special G/L ' || s.UMSKZ
            WHEN COALESCE(s.XZAHL, '') = 'X' THEN 'a payment' END AS apart
    FROM BSEG s
    LEFT JOIN BKPF k ON k.BUKRS = s.BUKRS AND k.BELNR = s.BELNR AND k.GJAHR = s.GJAHR
)
SELECT *,
    COALESCE(day_sap(BLDAT), day_sap(BUDAT)) AS issued,
    COALESCE(day_sap(ZFBDT), day_sap(BLDAT), day_sap(BUDAT)) AS baseline,
    CASE WHEN COALESCE(KOART, '') NOT IN ('D', 'K') OR unposted IS NOT NULL OR apart IS NOT NULL THEN NULL
        WHEN SHKZG = CASE KOART WHEN 'D' THEN 'H' ELSE 'S' END AND COALESCE(REBZG, '') = '' THEN 0
        ELSE COALESCE(NULLIF(CAST(number_eu(ZBD3T) AS DECIMAL(9, 2)), 0),
            NULLIF(CAST(number_eu(ZBD2T) AS DECIMAL(9, 2)), 0), CAST(number_eu(ZBD1T) AS DECIMAL(9, 2)), 0)
        END AS days
FROM judged
