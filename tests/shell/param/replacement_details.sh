s='aXbXc' amp='[&]'
echo "${s/X/$amp}" "${s/X/"$amp"}" "${s//X/\&}" "${s/X/&&}" "${s//X}" "${s/#a/^}" "${s/%c/$}" "${s/#/>}" "${s/%/<}"
shopt -u patsub_replacement; echo "${s/X/$amp}"
t='a/b/c'; echo "${t//\//:}" "${t/\/b/}" "${t////-}" "${t//[\/b]/.}"
u='  x  '; shopt -s extglob; echo "[${u##*( )}] [${u%%*( )}] [${u//+( )/_}]"
