SELECT
    CASE WHEN k.BELNR IS NULL THEN 'no header in BKPF'
        WHEN COALESCE(TRIM(k.BSTAT), '') <> '' THEN 'not posted: status ' || k.BSTAT
        WHEN COALESCE(s.KOART, '') <> 'D' THEN 'no customer line: account type ' || COALESCE(NULLIF(s.KOART, ''), 'none')
        WHEN COALESCE(k.STBLG, '') <> '' THEN 'reversed, or its reversal'
        WHEN COALESCE(TRIM(s.UMSKZ), '') <> '' THEN 'special G/L ' || s.UMSKZ
        ELSE 'a payment' END AS reason,
    CAST(signed(number_eu(s.DMBTR), s.SHKZG) AS DECIMAL(19, 4)) AS amount
FROM BSEG s
LEFT JOIN BKPF k ON k.BUKRS = s.BUKRS AND k.BELNR = s.BELNR AND k.GJAHR = s.GJAHR
WHERE k.BELNR IS NULL OR COALESCE(TRIM(k.BSTAT), '') <> '' OR COALESCE(s.KOART, '') <> 'D'
    OR COALESCE(k.STBLG, '') <> '' OR COALESCE(TRIM(s.UMSKZ), '') <> '' OR COALESCE(s.XZAHL, '') = 'X'
