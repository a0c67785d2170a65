/**
 * The allow-list: every operator, cast and function of GoogleSQL that the local server knows, one line per signature,
 * with the DuckDB text that gives the same value. What is not here is refused, so growing the language means adding a
 * line here and a test with a value worked out by hand.
 *
 * A line reads `NAME(parameters) RESULT = text`. Parameters: a type; `T`, any type (the common one of all
 * that bear the letter); `O`, the same among types that can be compared; `T...`, one or more; `=A|B`, a date part;
 * `+A|B`, an INTERVAL of such parts; `FORMAT`, `PATH`, `REGEX`, literal texts that are
 * checked. In the text: `$1` an argument, `$*` all of them, `$|` all joined
 * by `||`, `$now` the moment of the statement in microseconds, `$group` the group of a REGEX to extract.
 * Of an aggregate also `$d` (DISTINCT), `$o` (ORDER BY), `$n` (IGNORE NULLS), `$w` (filter and window). `$over` is a
 * window that must be there. A line that begins with spaces continues the one before it.
 * A text may repeat an argument, since none of these functions is volatile. A function of FLOAT64 that GoogleSQL has for
 * NUMERIC too needs both lines: with one of them NUMERIC would become a floating-point number in silence.
 *
 * DuckDB differs silently in what looks the same: integer division by zero gives NULL, `CAST('12.5' AS BIGINT)` gives
 * 13, GREATEST skips NULL, LIKE has no escape, weeks begin on Monday, decimal division goes through floating point.
 */

/** Exact division, half away from zero: scaled to integers, so that no cent passes through floating point. */
export const MACROS = [
  `numeric_of(units) AS CAST(CAST(units AS DECIMAL(38, 0)) * CAST('0.000000001' AS DECIMAL(10, 9)) AS DECIMAL(38, 9))`,
  `units_of(value) AS CAST(value * 1000000000 AS HUGEINT)`,
  `halved(n, d) AS ((2 * abs(n) + abs(d)) // (2 * abs(d))) * sign(n) * sign(d)`,
  `quotient(a, b) AS numeric_of(halved(units_of(a) * 1000000000, units_of(b)))`,
  `numeric_divide(a, b) AS CASE WHEN b = 0 THEN error('division by zero') ELSE quotient(a, b) END`,
]

export const FUNCTIONS = `
OR(BOOL, BOOL) BOOL = ($1 OR $2)
AND(BOOL, BOOL) BOOL = ($1 AND $2)
NOT(BOOL) BOOL = (NOT $1)
=(O, O) BOOL = ($1 = $2)
!=(O, O) BOOL = ($1 <> $2)
<(O, O) BOOL = ($1 < $2)
<=(O, O) BOOL = ($1 <= $2)
>(O, O) BOOL = ($1 > $2)
>=(O, O) BOOL = ($1 >= $2)
BETWEEN(O, O, O) BOOL = ($1 BETWEEN $2 AND $3)
LIKE(STRING, STRING) BOOL = ($1 LIKE $2 ESCAPE '\\')
IS NULL(T) BOOL = ($1 IS NULL)
IS TRUE(BOOL) BOOL = ($1 IS TRUE)
IS FALSE(BOOL) BOOL = ($1 IS FALSE)

+(INT64, INT64) INT64 = ($1 + $2)
+(NUMERIC, NUMERIC) NUMERIC = ($1 + $2)
+(FLOAT64, FLOAT64) FLOAT64 = ($1 + $2)
+(DATE, INT64) DATE = ($1 + CAST($2 AS INTEGER))
+(TIMESTAMP, +MICROSECOND|MILLISECOND|SECOND|MINUTE|HOUR|DAY) TIMESTAMP = ($1 + $2)
-(INT64, INT64) INT64 = ($1 - $2)
-(NUMERIC, NUMERIC) NUMERIC = ($1 - $2)
-(FLOAT64, FLOAT64) FLOAT64 = ($1 - $2)
-(DATE, INT64) DATE = ($1 - CAST($2 AS INTEGER))
-(TIMESTAMP, +MICROSECOND|MILLISECOND|SECOND|MINUTE|HOUR|DAY) TIMESTAMP = ($1 - $2)
*(INT64, INT64) INT64 = ($1 * $2)
*(NUMERIC, NUMERIC) NUMERIC = CAST($1 * $2 AS DECIMAL(38, 9))
*(FLOAT64, FLOAT64) FLOAT64 = ($1 * $2)
/(FLOAT64, FLOAT64) FLOAT64 = (CASE WHEN $2 = 0 THEN error('division by zero') ELSE $1 / $2 END)
/(NUMERIC, NUMERIC) NUMERIC = numeric_divide($1, $2)
NEGATE(INT64) INT64 = (- $1)
NEGATE(NUMERIC) NUMERIC = (- $1)
NEGATE(FLOAT64) FLOAT64 = (- $1)
SAFE_DIVIDE(FLOAT64, FLOAT64) FLOAT64 = (CASE WHEN $2 = 0 THEN NULL ELSE $1 / $2 END)
SAFE_DIVIDE(NUMERIC, NUMERIC) NUMERIC = numeric_divide($1, nullif($2, 0))
DIV(INT64, INT64) INT64 = (CASE WHEN $2 = 0 THEN error('division by zero') ELSE $1 // $2 END)
MOD(INT64, INT64) INT64 = (CASE WHEN $2 = 0 THEN error('division by zero') ELSE $1 % $2 END)
ABS(INT64) INT64 = abs($1)
ABS(NUMERIC) NUMERIC = abs($1)
ABS(FLOAT64) FLOAT64 = abs($1)
SIGN(INT64) INT64 = CAST(sign($1) AS BIGINT)
SIGN(NUMERIC) NUMERIC = CAST(sign($1) AS DECIMAL(38, 9))
SIGN(FLOAT64) FLOAT64 = CAST(sign($1) AS DOUBLE)
ROUND(FLOAT64) FLOAT64 = round($1)
ROUND(FLOAT64, INT64) FLOAT64 = round($1, CAST($2 AS INTEGER))
ROUND(NUMERIC) NUMERIC = CAST(round($1, 0) AS DECIMAL(38, 9))
ROUND(NUMERIC, INT64) NUMERIC = CAST(round($1, CAST($2 AS INTEGER)) AS DECIMAL(38, 9))
CEIL(FLOAT64) FLOAT64 = ceil($1)
CEIL(NUMERIC) NUMERIC = CAST(ceil($1) AS DECIMAL(38, 9))
FLOOR(FLOAT64) FLOAT64 = floor($1)
FLOOR(NUMERIC) NUMERIC = CAST(floor($1) AS DECIMAL(38, 9))
TRUNC(FLOAT64) FLOAT64 = trunc($1)
TRUNC(NUMERIC) NUMERIC = CAST(trunc($1) AS DECIMAL(38, 9))

IF(BOOL, T, T) T = (CASE WHEN $1 THEN $2 ELSE $3 END)
IFNULL(T, T) T = coalesce($1, $2)
COALESCE(T...) T = coalesce($*)
NULLIF(O, O) O = nullif($1, $2)
GREATEST(O...) O = (CASE WHEN len(list_filter([$*], lambda one: one IS NULL)) > 0 THEN NULL ELSE greatest($*) END)
LEAST(O...) O = (CASE WHEN len(list_filter([$*], lambda one: one IS NULL)) > 0 THEN NULL ELSE least($*) END)

||(STRING, STRING) STRING = ($1 || $2)
CONCAT(STRING...) STRING = ($|)
UPPER(STRING) STRING = upper($1)
LOWER(STRING) STRING = lower($1)
LENGTH(STRING) INT64 = length($1)
LENGTH(BYTES) INT64 = octet_length($1)
CHAR_LENGTH(STRING) INT64 = length($1)
TRIM(STRING) STRING = regexp_replace($1, '^\\s+|\\s+$', '', 'g')
SUBSTR(STRING, INT64) STRING = substr($1, CASE WHEN $2 BETWEEN - length($1) AND -1 THEN $2 ELSE greatest($2, 1) END)
SUBSTR(STRING, INT64, INT64) STRING = substr($1, CASE WHEN $2 BETWEEN - length($1) AND -1 THEN $2 ELSE greatest($2, 1)
  END, CASE WHEN $3 < 0 THEN error('SUBSTR length must not be negative') ELSE $3 END)
STARTS_WITH(STRING, STRING) BOOL = starts_with($1, $2)
ENDS_WITH(STRING, STRING) BOOL = ends_with($1, $2)
STRPOS(STRING, STRING) INT64 = strpos($1, $2)
REPLACE(STRING, STRING, STRING) STRING = (CASE WHEN $2 = '' THEN $1 ELSE replace($1, $2, $3) END)
REVERSE(STRING) STRING = reverse($1)
LPAD(STRING, INT64, STRING) STRING = lpad($1, CAST($2 AS INTEGER), $3)
RPAD(STRING, INT64, STRING) STRING = rpad($1, CAST($2 AS INTEGER), $3)
SPLIT(STRING) ARRAY<STRING> = string_split($1, ',')
SPLIT(STRING, STRING) ARRAY<STRING> = string_split($1, $2)
REGEXP_CONTAINS(STRING, REGEX) BOOL = regexp_matches($1, $2)
REGEXP_EXTRACT(STRING, REGEX) STRING = (CASE WHEN regexp_matches($1, $2) THEN regexp_extract($1, $2, $group) END)
REGEXP_REPLACE(STRING, REGEX, STRING) STRING = regexp_replace($1, $2, $3, 'g')
MD5(STRING) BYTES = unhex(md5($1))
SHA256(STRING) BYTES = unhex(sha256($1))
TO_HEX(BYTES) STRING = lower(hex($1))
TO_BASE64(BYTES) STRING = base64($1)

DATE(TIMESTAMP) DATE = CAST(timezone('UTC', $1) AS DATE)
DATE(TIMESTAMP, STRING) DATE = CAST(timezone($2, $1) AS DATE)
DATE(DATETIME) DATE = CAST($1 AS DATE)
DATE(INT64, INT64, INT64) DATE = make_date($1, $2, $3)
DATETIME(TIMESTAMP) DATETIME = timezone('UTC', $1)
DATETIME(TIMESTAMP, STRING) DATETIME = timezone($2, $1)
TIMESTAMP(STRING) TIMESTAMP = CAST($1 AS TIMESTAMPTZ)
TIMESTAMP(DATE) TIMESTAMP = timezone('UTC', CAST($1 AS TIMESTAMP))
TIMESTAMP(DATE, STRING) TIMESTAMP = timezone($2, CAST($1 AS TIMESTAMP))
TIMESTAMP(DATETIME) TIMESTAMP = timezone('UTC', $1)
TIMESTAMP(DATETIME, STRING) TIMESTAMP = timezone($2, $1)
CURRENT_TIMESTAMP() TIMESTAMP = make_timestamptz($now)
CURRENT_DATE() DATE = CAST(timezone('UTC', make_timestamptz($now)) AS DATE)
CURRENT_DATE(STRING) DATE = CAST(timezone($1, make_timestamptz($now)) AS DATE)
DATE_ADD(DATE, +DAY|WEEK|MONTH|QUARTER|YEAR) DATE = CAST($1 + $2 AS DATE)
DATE_SUB(DATE, +DAY|WEEK|MONTH|QUARTER|YEAR) DATE = CAST($1 - $2 AS DATE)
DATE_DIFF(DATE, DATE, =DAY|MONTH|QUARTER|YEAR|ISOWEEK) INT64 = date_diff('$3', $2, $1)
DATE_DIFF(DATE, DATE, =WEEK) INT64 = (date_diff('day', $2 - CAST(dayofweek($2) AS INTEGER), $1 - CAST(dayofweek($1) AS
  INTEGER)) // 7)
DATE_TRUNC(DATE, =DAY|MONTH|QUARTER|YEAR|ISOWEEK) DATE = CAST(date_trunc('$2', $1) AS DATE)
DATE_TRUNC(DATE, =WEEK) DATE = ($1 - CAST(dayofweek($1) AS INTEGER))
LAST_DAY(DATE) DATE = last_day($1)
TIMESTAMP_ADD(TIMESTAMP, +MICROSECOND|MILLISECOND|SECOND|MINUTE|HOUR|DAY) TIMESTAMP = ($1 + $2)
TIMESTAMP_SUB(TIMESTAMP, +MICROSECOND|MILLISECOND|SECOND|MINUTE|HOUR|DAY) TIMESTAMP = ($1 - $2)
TIMESTAMP_DIFF(TIMESTAMP, TIMESTAMP, =MICROSECOND|MILLISECOND|SECOND|MINUTE|HOUR|DAY) INT64 = date_sub('$3', $2, $1)
TIMESTAMP_TRUNC(TIMESTAMP, =MILLISECOND|SECOND|MINUTE|HOUR|DAY|MONTH|QUARTER|YEAR|ISOWEEK) TIMESTAMP = timezone('UTC',
  date_trunc('$2', timezone('UTC', $1)))
TIMESTAMP_TRUNC(TIMESTAMP, =WEEK) TIMESTAMP = timezone('UTC', date_trunc('week', timezone('UTC', $1) + to_days(1)) -
  to_days(1))
TIMESTAMP_TRUNC(TIMESTAMP, =DAY|MONTH|QUARTER|YEAR|ISOWEEK, STRING) TIMESTAMP = timezone($3, date_trunc('$2', timezone($3,
  $1)))
TIMESTAMP_TRUNC(TIMESTAMP, =WEEK, STRING) TIMESTAMP = timezone($3, date_trunc('week', timezone($3, $1) + to_days(1)) -
  to_days(1))
TIMESTAMP_SECONDS(INT64) TIMESTAMP = make_timestamptz($1 * 1000000)
TIMESTAMP_MILLIS(INT64) TIMESTAMP = make_timestamptz($1 * 1000)
TIMESTAMP_MICROS(INT64) TIMESTAMP = make_timestamptz($1)
UNIX_SECONDS(TIMESTAMP) INT64 = (epoch_us(date_trunc('second', $1)) // 1000000)
UNIX_MILLIS(TIMESTAMP) INT64 = (epoch_us(date_trunc('millisecond', $1)) // 1000)
UNIX_MICROS(TIMESTAMP) INT64 = epoch_us($1)
EXTRACT(=YEAR|QUARTER|MONTH|DAY|DAYOFYEAR|ISOWEEK|ISOYEAR, DATE) INT64 = date_part('$1', $2)
EXTRACT(=DAYOFWEEK, DATE) INT64 = (dayofweek($2) + 1)
EXTRACT(=WEEK, DATE) INT64 = ((dayofyear($2) + 6 - dayofweek($2)) // 7)
EXTRACT(=YEAR|QUARTER|MONTH|DAY|HOUR|MINUTE|SECOND|DAYOFYEAR|ISOWEEK|ISOYEAR, TIMESTAMP) INT64 = date_part('$1',
  timezone('UTC', $2))
EXTRACT(=YEAR|QUARTER|MONTH|DAY|HOUR|MINUTE|SECOND|DAYOFYEAR|ISOWEEK|ISOYEAR, TIMESTAMP, STRING) INT64 = date_part('$1',
  timezone($3, $2))
EXTRACT(=DAYOFWEEK, TIMESTAMP) INT64 = (dayofweek(timezone('UTC', $2)) + 1)
EXTRACT(=DAYOFWEEK, TIMESTAMP, STRING) INT64 = (dayofweek(timezone($3, $2)) + 1)
EXTRACT(=DATE, TIMESTAMP) DATE = CAST(timezone('UTC', $2) AS DATE)
EXTRACT(=DATE, TIMESTAMP, STRING) DATE = CAST(timezone($3, $2) AS DATE)
FORMAT_DATE(FORMAT, DATE) STRING = strftime($2, $1)
FORMAT_TIMESTAMP(FORMAT, TIMESTAMP) STRING = strftime(timezone('UTC', $2), $1)
FORMAT_TIMESTAMP(FORMAT, TIMESTAMP, STRING) STRING = strftime(timezone($3, $2), $1)
PARSE_DATE(FORMAT, STRING) DATE = CAST(strptime($2, $1) AS DATE)
PARSE_TIMESTAMP(FORMAT, STRING) TIMESTAMP = timezone('UTC', CAST(strptime($2, $1) AS TIMESTAMP))

JSON_VALUE(JSON, PATH) STRING = (CASE WHEN json_type($1, $2) IN ('OBJECT', 'ARRAY') THEN NULL ELSE json_extract_string($1,
  $2) END)
JSON_VALUE(STRING, PATH) STRING = (CASE WHEN json_type($1, $2) IN ('OBJECT', 'ARRAY') THEN NULL ELSE
  json_extract_string($1, $2) END)
JSON_QUERY(JSON, PATH) JSON = json_extract($1, $2)
PARSE_JSON(STRING) JSON = json($1)
TO_JSON_STRING(JSON) STRING = CAST($1 AS VARCHAR)

ARRAY_LENGTH(ARRAY<T>) INT64 = len($1)
ARRAY_TO_STRING(ARRAY<STRING>, STRING) STRING = array_to_string($1, $2)
GENERATE_ARRAY(INT64, INT64) ARRAY<INT64> = generate_series($1, $2)
GENERATE_DATE_ARRAY(DATE, DATE) ARRAY<DATE> = CAST(generate_series($1, $2, to_days(1)) AS DATE[])
GENERATE_DATE_ARRAY(DATE, DATE, +DAY|WEEK) ARRAY<DATE> = CAST(generate_series($1, $2, $3) AS DATE[])
[OFFSET](ARRAY<T>, INT64) T = (CASE WHEN $2 < 0 OR $2 >= len($1) THEN error('Array index is out of bounds') ELSE
  list_extract($1, $2 + 1) END)
[SAFE_OFFSET](ARRAY<T>, INT64) T = (CASE WHEN $2 < 0 THEN NULL ELSE list_extract($1, $2 + 1) END)
[ORDINAL](ARRAY<T>, INT64) T = (CASE WHEN $2 < 1 OR $2 > len($1) THEN error('Array index is out of bounds') ELSE
  list_extract($1, $2) END)
[SAFE_ORDINAL](ARRAY<T>, INT64) T = (CASE WHEN $2 < 1 THEN NULL ELSE list_extract($1, $2) END)

COUNT() INT64 = count(*)$w
COUNT(T) INT64 = count($d$1)$w
COUNTIF(BOOL) INT64 = count(CASE WHEN $1 THEN 1 END)$w
SUM(INT64) INT64 = CAST(sum($d$1)$w AS BIGINT)
SUM(NUMERIC) NUMERIC = sum($d$1)$w
SUM(FLOAT64) FLOAT64 = sum($d$1)$w
AVG(FLOAT64) FLOAT64 = avg($d$1)$w
AVG(NUMERIC) NUMERIC = numeric_divide(sum($d$1)$w, nullif(CAST(count($d$1)$w AS DECIMAL(38, 9)), 0))
MIN(O) O = min($d$1)$w
MAX(O) O = max($d$1)$w
ANY_VALUE(T) T = any_value($1)$w
MIN_BY(T, O) T = min_by($1, $2)$w
MAX_BY(T, O) T = max_by($1, $2)$w
LOGICAL_AND(BOOL) BOOL = bool_and($1)$w
LOGICAL_OR(BOOL) BOOL = bool_or($1)$w
STRING_AGG(STRING) STRING = string_agg($d$1, ','$o)$w
STRING_AGG(STRING, STRING) STRING = string_agg($d$1, $2$o)$w
ARRAY_AGG(T) ARRAY<T> = list($d$1$o)$w
APPROX_COUNT_DISTINCT(O) INT64 = count(DISTINCT $1)$w
ROW_NUMBER() INT64 = row_number()$over
RANK() INT64 = rank()$over
DENSE_RANK() INT64 = dense_rank()$over
NTILE(INT64) INT64 = ntile($1)$over
LAG(T) T = lag($1)$over
LAG(T, INT64) T = lag($1, $2)$over
LEAD(T) T = lead($1)$over
LEAD(T, INT64) T = lead($1, $2)$over
FIRST_VALUE(T) T = first_value($1$n)$over
LAST_VALUE(T) T = last_value($1$n)$over

CAST AS STRING(INT64) STRING = CAST($1 AS VARCHAR)
CAST AS STRING(NUMERIC) STRING = regexp_replace(CAST($1 AS VARCHAR), '\\.?0+$', '')
CAST AS STRING(FLOAT64) STRING = regexp_replace(CAST($1 AS VARCHAR), '\\.0$', '')
CAST AS STRING(BOOL) STRING = CAST($1 AS VARCHAR)
CAST AS STRING(DATE) STRING = CAST($1 AS VARCHAR)
CAST AS INT64(STRING) INT64 = (CASE WHEN $1 IS NULL OR regexp_full_match($1, '\\s*[-+]?[0-9]+\\s*') THEN CAST($1 AS
  BIGINT) ELSE error('Bad int64 value: ' || $1) END)
CAST AS INT64(FLOAT64) INT64 = CAST(round($1) AS BIGINT)
CAST AS INT64(NUMERIC) INT64 = CAST(round($1, 0) AS BIGINT)
CAST AS INT64(BOOL) INT64 = CAST($1 AS BIGINT)
CAST AS FLOAT64(STRING) FLOAT64 = CAST($1 AS DOUBLE)
CAST AS FLOAT64(INT64) FLOAT64 = CAST($1 AS DOUBLE)
CAST AS FLOAT64(NUMERIC) FLOAT64 = CAST($1 AS DOUBLE)
CAST AS NUMERIC(STRING) NUMERIC = CAST($1 AS DECIMAL(38, 9))
CAST AS NUMERIC(INT64) NUMERIC = CAST($1 AS DECIMAL(38, 9))
CAST AS NUMERIC(FLOAT64) NUMERIC = CAST($1 AS DECIMAL(38, 9))
CAST AS BOOL(STRING) BOOL = (CASE lower($1) WHEN 'true' THEN true WHEN 'false' THEN false ELSE CASE WHEN $1 IS NULL THEN
  NULL ELSE error('Bad bool value: ' || $1) END END)
CAST AS BOOL(INT64) BOOL = ($1 <> 0)
CAST AS DATE(STRING) DATE = CAST($1 AS DATE)
CAST AS DATE(TIMESTAMP) DATE = CAST(timezone('UTC', $1) AS DATE)
CAST AS DATE(DATETIME) DATE = CAST($1 AS DATE)
CAST AS TIMESTAMP(STRING) TIMESTAMP = CAST($1 AS TIMESTAMPTZ)
CAST AS TIMESTAMP(DATE) TIMESTAMP = timezone('UTC', CAST($1 AS TIMESTAMP))
CAST AS TIMESTAMP(DATETIME) TIMESTAMP = timezone('UTC', $1)
CAST AS DATETIME(STRING) DATETIME = CAST($1 AS TIMESTAMP)
CAST AS DATETIME(DATE) DATETIME = CAST($1 AS TIMESTAMP)
CAST AS DATETIME(TIMESTAMP) DATETIME = timezone('UTC', $1)
CAST AS JSON(STRING) JSON = json($1)
SAFE_CAST AS INT64(STRING) INT64 = (CASE WHEN regexp_full_match($1, '\\s*[-+]?[0-9]+\\s*') THEN TRY_CAST($1 AS BIGINT) END)
SAFE_CAST AS FLOAT64(STRING) FLOAT64 = TRY_CAST($1 AS DOUBLE)
SAFE_CAST AS NUMERIC(STRING) NUMERIC = TRY_CAST($1 AS DECIMAL(38, 9))
SAFE_CAST AS BOOL(STRING) BOOL = (CASE lower($1) WHEN 'true' THEN true WHEN 'false' THEN false END)
SAFE_CAST AS DATE(STRING) DATE = TRY_CAST($1 AS DATE)
SAFE_CAST AS TIMESTAMP(STRING) TIMESTAMP = TRY_CAST($1 AS TIMESTAMPTZ)
`
