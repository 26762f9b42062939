-- Vendor lines of posted documents: what was billed, when it is due, when it was cleared. One line is one bill.
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
WHERE s.KOART = 'K' AND s.unposted IS NULL AND s.apart IS NULL
