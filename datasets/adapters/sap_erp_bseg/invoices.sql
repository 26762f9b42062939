-- Customer lines of posted documents: what was invoiced, when it is due, when it was cleared. One line is one invoice:
-- a document with instalments has several.
SELECT
    s.BUKRS || '-' || s.GJAHR || '-' || s.BELNR || '-' || s.BUZEI AS invoice,
    s.KUNNR AS customer,
    s.BUKRS AS unit,
    s.issued,
    -- A day that cannot be read stays as it is, and the check names it.
    COALESCE(CAST(TRY_CAST(s.baseline AS DATE) + CAST(s.days AS INTEGER) AS VARCHAR), s.baseline) AS due,
    day_sap(s.AUGDT) AS paid,
    signed(number_eu(s.DMBTR), s.SHKZG) AS amount,
    s.WAERS AS currency,
    signed(number_eu(s.WRBTR), s.SHKZG) AS amount_currency
FROM items s
WHERE s.KOART = 'D' AND s.unposted IS NULL AND s.apart IS NULL
