exec {fd}>out; echo hi >&$fd; exec {fd}>&-; cat out
{ echo a >&$v; } {v}>o2; cat o2; exec {v}>&-; exec {w}<out; read l <&$w; echo $l; exec {w}<&-; echo {q}>z; cat z 2>/dev/null; 
