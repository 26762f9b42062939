SELECT
    CASE WHEN k.BELNR IS NULL THEN 'no header in BKPF' ELSE 'not posted: status ' || k.BSTAT END AS reason,
    CAST(signed(number_eu(s.DMBTR), s.SHKZG) AS DECIMAL(19, 4)) AS amount
FROM BSEG s
LEFT JOIN BKPF k ON k.BUKRS = s.BUKRS AND k.BELNR = s.BELNR AND k.GJAHR = s.GJAHR
WHERE k.BELNR IS NULL OR COALESCE(TRIM(k.BSTAT), '') <> ''
