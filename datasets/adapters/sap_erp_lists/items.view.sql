-- KSB1, actual line items of cost centres, and MB51, material documents, line by line: what stands between the bars,
-- by its heading. A heading that a list does not have gives an empty column.
WITH lines AS (
    SELECT list, row_, file_, line, [trim(cell) for cell in string_split(line, '|')] AS cells
    FROM (
        SELECT 'KSB1' AS list, * FROM KSB1
        UNION ALL BY NAME
        SELECT 'MB51' AS list, * FROM MB51
    )
),
-- The first line of a file that has the headings; where in it each field stands.
heads AS (
    SELECT l.list, l.file_, FIRST(l.cells ORDER BY l.row_) AS cells
    FROM lines l
    WHERE (SELECT COUNT(DISTINCT g.field) FROM headings g WHERE g.list = l.list AND list_contains(l.cells, g.heading)
        AND list_contains(CASE l.list WHEN 'KSB1' THEN ['account', 'amount', 'posted']
            ELSE ['product', 'quantity', 'posted'] END, g.field)) = 3
    GROUP BY ALL
),
places AS (
    SELECT h.list, h.file_,
        FIRST(list_position(h.cells, g.heading)) FILTER (WHERE g.field = 'account') AS account,
        FIRST(list_position(h.cells, g.heading)) FILTER (WHERE g.field = 'product') AS product,
        FIRST(list_position(h.cells, g.heading)) FILTER (WHERE g.field = 'name') AS name,
        FIRST(list_position(h.cells, g.heading)) FILTER (WHERE g.field = 'unit') AS unit,
        FIRST(list_position(h.cells, g.heading)) FILTER (WHERE g.field = 'kind') AS kind,
        FIRST(list_position(h.cells, g.heading)) FILTER (WHERE g.field = 'quantity') AS quantity,
        FIRST(list_position(h.cells, g.heading)) FILTER (WHERE g.field = 'amount') AS amount,
        FIRST(list_position(h.cells, g.heading)) FILTER (WHERE g.field = 'posted') AS posted
    FROM heads h JOIN headings g ON g.list = h.list AND list_contains(h.cells, g.heading)
    GROUP BY ALL
),
-- A line item has an account (a material) and a date; what else is between bars is a heading or a subtotal.
items AS (
    SELECT l.list, l.row_, l.file_, l.line,
        l.cells[p.account] AS account,
        l.cells[p.product] AS product,
        l.cells[p.name] AS name,
        l.cells[p.unit] AS unit,
        l.cells[p.kind] AS kind,
        l.cells[p.quantity] AS quantity,
        l.cells[p.amount] AS amount,
        l.cells[p.posted] AS posted,
        -- Of a file whose headings nobody knows every line stays in, and the check refuses it: nothing is lost.
        CASE WHEN p.file_ IS NULL THEN len(l.cells) > 1 AND NOT REGEXP_FULL_MATCH(l.line, '[-| ]+')
            ELSE REGEXP_MATCHES(l.cells[p.posted], '^[0-9]') END AS is_item
    FROM lines l LEFT JOIN places p ON p.list = l.list AND p.file_ = l.file_
)
SELECT * FROM items
