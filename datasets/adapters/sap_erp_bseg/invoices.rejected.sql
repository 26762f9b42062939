SELECT
    COALESCE(s.unposted, CASE WHEN COALESCE(s.KOART, '') <> 'D'
        THEN 'no customer line: account type ' || COALESCE(NULLIF(s.KOART, ''), 'none') END, s.apart) AS reason,
    CAST(signed(number_eu(s.DMBTR), s.SHKZG) AS DECIMAL(19, 4)) AS amount
FROM items s
WHERE COALESCE(s.KOART, '') <> 'D' OR s.unposted IS NOT NULL OR s.apart IS NOT NULL
