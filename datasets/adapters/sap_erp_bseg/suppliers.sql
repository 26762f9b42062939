-- LFA1: LIFNR vendor (leading zeros kept), NAME1 name.
SELECT LIFNR AS supplier, NAME1 AS name FROM LFA1
