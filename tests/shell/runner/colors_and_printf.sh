RED='\033[0;31m'; NC='\033[0m'
echo -e "${RED}error${NC}" | od -c | head -1
printf "${RED}%s${NC}\n" text | od -An -c | head -1
echo $'\e[0Ksection' | od -An -c
