-- One event for each document of an order: the rows of its items, and the same document seen from the delivery, are
-- one (source_rows counts them). Its time is the earliest of them; the order of steps is that of the times, then
-- that of the process.
WITH documents AS (
    SELECT
        "case",
        VBTYP_N AS category,
        VBELN AS document,
        MAX(TRIM(BWART)) AS movement,
        MIN(day_sap(ERDAT) || ' ' || LEFT(ERZET, 2) || ':' || SUBSTR(ERZET, 3, 2) || ':' || RIGHT(ERZET, 2)) AS "time",
        COUNT(*) AS source_rows
    FROM flow
    WHERE "case" IS NOT NULL
    GROUP BY ALL
),
kinds AS (
    -- The categories of documents in words, their place in the process, and who works on them.
    SELECT *
    FROM (
        VALUES
            ('C', 1, 'order entered', 'sales'),
            ('G', 1, 'contract entered', 'sales'),
            ('H', 6, 'return announced', 'sales'),
            ('K', 6, 'credit memo requested', 'sales'),
            ('L', 6, 'debit memo requested', 'sales'),
            ('V', 2, 'purchase ordered', 'purchasing'),
            ('J', 2, 'delivery created', 'shipping'),
            ('8', 3, 'shipment planned', 'shipping'),
            ('T', 7, 'return delivery created', 'shipping'),
            ('Q', 3, 'goods picked', 'warehouse'),
            ('X', 3, 'goods packed', 'warehouse'),
            ('R', 4, 'goods moved', 'warehouse'),
            ('h', 4, 'goods issue cancelled', 'warehouse'),
            ('i', 4, 'goods received', 'warehouse'),
            ('p', 4, 'goods moved elsewhere', 'warehouse'),
            ('M', 5, 'invoice', 'billing'),
            ('U', 5, 'pro forma invoice', 'billing'),
            ('5', 5, 'intercompany invoice', 'billing'),
            ('3', 6, 'invoice listed', 'billing'),
            ('N', 6, 'invoice cancelled', 'billing'),
            ('O', 7, 'credit memo', 'billing'),
            ('P', 7, 'debit memo', 'billing')
    ) AS k (category, place, activity, department)
)
SELECT
    d."case",
    ROW_NUMBER() OVER (PARTITION BY d."case" ORDER BY d."time", k.place, d.category, d.document) AS step,
    CASE
        WHEN d.category <> 'R' THEN COALESCE(k.activity, 'document of category ' || d.category)
        WHEN d.movement IN ('601', '621', '631', '633', '641', '643', '647') THEN 'goods issued'
        WHEN d.movement IN ('602', '622', '632', '634') THEN 'goods issue cancelled'
        WHEN d.movement IN ('651', '653', '655', '657') THEN 'returned goods received'
        ELSE k.activity
    END AS activity,
    k.department,
    d."time",
    d.source_rows
FROM documents d
LEFT JOIN kinds k ON k.category = d.category
ORDER BY d."case", step
