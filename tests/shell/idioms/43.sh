command -v ls >/dev/null 2>&1 && echo has; command -v zzz >/dev/null 2>&1 || echo hasnt; type cd | head -1
