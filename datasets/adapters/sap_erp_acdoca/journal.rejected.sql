SELECT
    CASE WHEN RLDNR <> '0L' THEN 'ledger ' || RLDNR || ', not the leading one'
        ELSE 'balance carried forward again: its movements are in the extract' END AS reason,
    CAST(number_eu(HSL) AS DECIMAL(19, 4)) AS amount
FROM ACDOCA
WHERE RLDNR <> '0L'
    OR (POPER = '000' AND GJAHR > (SELECT MIN(a.GJAHR) FROM ACDOCA a WHERE a.RBUKRS = ACDOCA.RBUKRS))
