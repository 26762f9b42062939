-- Vendor lines of posted documents: what was billed, when it is due, when it was cleared. One line is one bill.
-- Fields, by SAP's data dictionary:
-- BSEG: KOART account type, D customer, K vendor · KUNNR customer · LIFNR vendor · UMSKZ special G/L indicator (down
--   payments, bills of exchange …) · XZAHL posting key of a payment · REBZG the invoice a credit memo belongs to
--   ZFBDT baseline date · ZBD1T, ZBD2T days of cash discount · ZBD3T days net · AUGDT clearing date
-- BKPF: BLDAT document date · STBLG the document that reverses this one, or that this one reverses
-- Due: baseline date (else document date) plus the last of the three periods that is given. A credit memo without an
-- invoice is due at once.
WITH items AS (
    SELECT s.*, k.WAERS, COALESCE(day_sap(k.BLDAT), day_sap(k.BUDAT)) AS issued,
        COALESCE(day_sap(s.ZFBDT), day_sap(k.BLDAT), day_sap(k.BUDAT)) AS baseline,
        CASE WHEN s.SHKZG = 'S' AND COALESCE(s.REBZG, '') = '' THEN 0
            ELSE COALESCE(NULLIF(CAST(number_eu(s.ZBD3T) AS DECIMAL(9, 2)), 0),
                NULLIF(CAST(number_eu(s.ZBD2T) AS DECIMAL(9, 2)), 0), CAST(number_eu(s.ZBD1T) AS DECIMAL(9, 2)), 0)
            END AS days
    FROM BSEG s
    JOIN BKPF k ON k.BUKRS = s.BUKRS AND k.BELNR = s.BELNR AND k.GJAHR = s.GJAHR
    WHERE COALESCE(TRIM(k.BSTAT), '') = '' AND s.KOART = 'K' AND COALESCE(k.STBLG, '') = ''
        AND COALESCE(TRIM(s.UMSKZ), '') = '' AND COALESCE(s.XZAHL, '') <> 'X'
)
SELECT
    s.BUKRS || '-' || s.GJAHR || '-' || s.BELNR || '-' || s.BUZEI AS bill,
    s.LIFNR AS supplier,
    s.BUKRS AS unit,
    s.issued,
    -- A day that cannot be read stays as it is, and the check names it.
    COALESCE(CAST(TRY_CAST(s.baseline AS DATE) + CAST(s.days AS INTEGER) AS VARCHAR), s.baseline) AS due,
    day_sap(s.AUGDT) AS paid,
    -CAST(signed(number_eu(s.DMBTR), s.SHKZG) AS DECIMAL(19, 4)) AS amount,
    s.WAERS AS currency,
    -CAST(signed(number_eu(s.WRBTR), s.SHKZG) AS DECIMAL(19, 4)) AS amount_currency
FROM items s
