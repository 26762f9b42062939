-- Each row of VBFA with the order behind it ("case").
-- A row hangs on its predecessor (VBELV, item POSNV, category VBTYP_V) and tells its successor (VBELN, POSNN,
-- VBTYP_N). A row whose successor is an order is that order's entry.
WITH behind AS (
    -- Which order is behind a document: by item, and for rows of a document's head by document.
    SELECT VBELN AS document, POSNN AS item, VBTYP_N AS category, MIN(VBELV) AS "order"
    FROM VBFA
    WHERE VBTYP_V = 'C' AND VBTYP_N <> 'C'
    GROUP BY ALL
),
behind_head AS (
    SELECT document, category, MIN("order") AS "order" FROM behind GROUP BY ALL
),
flow AS (
    SELECT
        v.*,
        CASE
            WHEN v.VBTYP_N = 'C' THEN v.VBELN
            WHEN v.VBTYP_V = 'C' THEN v.VBELV
            ELSE COALESCE(b."order", h."order")
        END AS "case"
    FROM VBFA v
    LEFT JOIN behind b ON b.document = v.VBELV AND b.item = v.POSNV AND b.category = v.VBTYP_V
    LEFT JOIN behind_head h ON h.document = v.VBELV AND h.category = v.VBTYP_V
)
SELECT * FROM flow
